-- Which predictions a user has, by a number that stands for the user id. It is written behind the predictions, many at once and in its
-- own order: an index of SQLite's own is written with each prediction, and for every other user that is another page.
CREATE TABLE user_predictions (
  user_hash      INTEGER NOT NULL,
  prediction_seq INTEGER NOT NULL,
  PRIMARY KEY (user_hash, prediction_seq)
) STRICT, WITHOUT ROWID;
DROP INDEX predictions_by_user;

-- With a seed of its own, nobody can make ids that share a number.
INSERT INTO state VALUES ('predictions.userSeed', CAST(abs(random() % 4294967296) AS TEXT));
