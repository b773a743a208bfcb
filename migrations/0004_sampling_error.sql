-- The standard error of a figure over windows of its size; NULL where it is not known.
ALTER TABLE monitor_results ADD COLUMN standard_error REAL;
