interface Metric {
  name: string;
  type: "counter" | "gauge" | "histogram";
  help: string;
  labels: readonly string[];
  buckets?: readonly number[];
  enableExemplars?: boolean;
}

const latencyBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];
const delayBuckets = [1, 5, 15, 30, 60, 300, 900, 3600, 6 * 3600, 86_400, 7 * 86_400, 30 * 86_400];
const jobBuckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30];

const gauge = (name: string, help: string, labels: readonly string[] = []) =>
  ({ name, type: "gauge", help, labels }) as const;
const counter = (name: string, help: string, labels: readonly string[] = []) =>
  ({ name, type: "counter", help, labels }) as const;
const histogram = (name: string, help: string, labels: readonly string[], buckets: readonly number[]) =>
  ({ name, type: "histogram", help, labels, buckets }) as const;

/** Every metric that the service exposes at /metrics. Ratios are 0–1, times seconds; NaN means too few rows. */
export const serviceMetrics = {
  httpRequestDuration: {
    ...histogram(
      "churn_http_request_duration_seconds",
      "Time from the arrival of a request to its answer, by route template.",
      ["method", "route", "status"],
      latencyBuckets,
    ),
    // In OpenMetrics, the trace of a request in each bucket.
    enableExemplars: true,
  },
  predictions: counter("churn_predictions_total", "Predictions that were stored and answered.", [
    "model_version",
    "predicted_class",
  ]),
  probability: histogram("churn_prediction_probability", "Predicted churn probability.", ["model_version"], []),
  rejections: counter("churn_prediction_rejections_total", "Prediction requests that were refused, by reason.", [
    "reason",
  ]),
  modelInfo: gauge("churn_model_info", "1 for the model version that serves.", [
    "model_version",
    "trained_at",
    "rows",
    "learner",
  ]),
  decisionThreshold: gauge("churn_model_decision_threshold", "Probability from which a customer is called a churner.", [
    "model_version",
  ]),
  featureBins: counter("churn_feature_bin_total", "Predictions by bin of a feature; bins are fixed at training.", [
    "feature",
    "bin",
  ]),
  featureReference: gauge("churn_feature_bin_reference_ratio", "Share of a bin in the reference.", ["feature", "bin"]),
  featureMissing: gauge("churn_feature_missing_ratio", "Share of missing values in the window.", ["feature"]),
  featureUnseen: gauge("churn_feature_unseen_ratio", "Share of categories in the window that training never saw.", [
    "feature",
  ]),
  featureOutOfRange: gauge(
    "churn_feature_out_of_range_ratio",
    "Share of values in the window outside the range of training.",
    ["feature"],
  ),
  featureDrift: gauge("churn_feature_drift_score", "Distance between window and reference.", ["feature", "method"]),
  featureDriftThreshold: gauge(
    "churn_feature_drift_threshold",
    "Distance that chance exceeds at the stated false-alarm rate.",
    ["feature", "method"],
  ),
  featureAttribution: gauge(
    "churn_feature_attribution",
    "Mean absolute contribution of a feature to the newest explained predictions, log-odds.",
    ["feature"],
  ),
  featureAttributionThreshold: gauge(
    "churn_feature_attribution_threshold",
    "Bounds outside which the mean contribution of a feature raises an alarm, log-odds.",
    ["feature", "bound"],
  ),
  predictionDrift: gauge("churn_prediction_drift_score", "Distance between the scores of window and reference.", [
    "method",
  ]),
  predictionDriftThreshold: gauge(
    "churn_prediction_drift_threshold",
    "Distance of scores that chance exceeds at the stated rate.",
    ["method"],
  ),
  multivariateDrift: gauge(
    "churn_multivariate_drift_score",
    "Distance between the joint distributions of window and reference.",
    ["method"],
  ),
  multivariateDriftThreshold: gauge(
    "churn_multivariate_drift_threshold",
    "Joint distance that chance exceeds at the stated rate.",
    ["method"],
  ),
  realized: gauge("churn_realized_performance", "Performance of the window's predictions whose label is known.", [
    "metric",
  ]),
  realizedLower: gauge("churn_realized_performance_lower", "Lower end of the 95 % interval of realized performance.", [
    "metric",
  ]),
  realizedUpper: gauge("churn_realized_performance_upper", "Upper end of the 95 % interval of realized performance.", [
    "metric",
  ]),
  estimated: gauge(
    "churn_estimated_performance",
    "Performance estimated without labels, from calibrated probabilities (CBPE).",
    ["metric"],
  ),
  estimatedLower: gauge("churn_estimated_performance_lower", "Lower end of the estimate's sampling interval.", [
    "metric",
  ]),
  estimatedUpper: gauge("churn_estimated_performance_upper", "Upper end of the estimate's sampling interval.", [
    "metric",
  ]),
  performanceThreshold: gauge(
    "churn_performance_threshold",
    "Bounds outside which performance raises an alarm: of realized performance, or of the estimate while too few labels are known.",
    ["metric", "bound"],
  ),
  estimateError: gauge(
    "churn_estimate_error",
    "Estimated minus realized performance on the same labelled predictions of the window.",
    ["metric"],
  ),
  segmentBrier: gauge(
    "churn_segment_brier",
    "Mean squared error of the predictions in the worst segment along a feature.",
    ["feature"],
  ),
  segmentBrierThreshold: gauge(
    "churn_segment_brier_threshold",
    "Squared error of that segment which chance exceeds at the stated rate.",
    ["feature"],
  ),
  confusion: gauge("churn_confusion", "Labelled predictions of the window by actual and predicted class.", [
    "actual",
    "predicted",
  ]),
  feedback: counter("churn_feedback_total", "Labels received, by what became of them.", ["status"]),
  feedbackDelay: histogram("churn_feedback_delay_seconds", "Time from a prediction to its label.", [], delayBuckets),
  labelCoverage: gauge("churn_label_coverage_ratio", "Share of the window's predictions whose label is known."),
  labelDelay: gauge("churn_label_delay_median_seconds", "Median time from a prediction of the window to its label."),
  labelDueCoverage: gauge(
    "churn_label_due_coverage_ratio",
    "Share of the window's predictions old enough for a label that have one.",
  ),
  streamAge: gauge("churn_prediction_age_seconds", "Time since the newest prediction, as the monitors saw it."),
  streamDuplicates: gauge(
    "churn_prediction_duplicate_ratio",
    "Share of the window's requests that repeat an earlier one.",
  ),
  streamRefused: gauge("churn_prediction_refused_ratio", "Share of refused requests in the time of the window."),
  monitorSeverity: gauge("churn_monitor_severity", "0 ok, 1 info, 2 warning, 3 critical.", ["monitor"]),
  monitorRows: gauge("churn_monitor_window_rows", "Predictions in the window that a monitor judged.", ["monitor"]),
  monitorLastSuccess: gauge(
    "churn_monitor_last_success_timestamp_seconds",
    "When a monitor last finished; until it first does, when the service started.",
    ["monitor"],
  ),
  monitorAlarm: gauge("churn_monitor_alarm", "1 while a monitor is outside its threshold.", ["monitor"]),
  scenario: gauge("churn_replay_scenario_info", "1 for the drift scenario that the replay plays.", ["scenario"]),
  jobRuns: counter("churn_job_runs_total", "Runs of a scheduled job, by outcome.", ["job", "outcome"]),
  jobDuration: histogram("churn_job_duration_seconds", "Duration of a scheduled job.", ["job"], jobBuckets),
  jobLastSuccess: gauge(
    "churn_job_last_success_timestamp_seconds",
    "When a scheduled job last succeeded; until it first does, when the service started.",
    ["job"],
  ),
  queueDepth: gauge("churn_prediction_queue_length", "Requests and customers waiting for their turn."),
  startTime: gauge("process_start_time_seconds", "When the process started."),
  cpuSeconds: counter("process_cpu_seconds_total", "User and system CPU time."),
  residentMemory: gauge("process_resident_memory_bytes", "Resident memory."),
  openFiles: gauge("process_open_fds", "Open file descriptors; NaN where the system does not tell."),
  storageAvailable: gauge(
    "churn_storage_available",
    "1 while predictions and labels can be stored, 0 while they cannot.",
  ),
  storageFailures: counter("churn_storage_failures_total", "How often the storage began to fail, by fault.", ["fault"]),
  threadFailures: counter(
    "churn_thread_failures_total",
    "Threads that ended or did not answer and were replaced, by what they do.",
    ["thread"],
  ),
  eventLoopLag: gauge("churn_event_loop_lag_seconds", "Longest delay of the event loop since the last scrape."),
} as const satisfies Record<string, Metric>;

/** Every metric that training pushes to the Pushgateway, job `churn_train`. */
export const trainingMetrics = {
  samples: gauge("churn_training_samples", "Rows of the training data by what was observed.", [
    "model_version",
    "observed_class",
  ]),
  performance: gauge("churn_training_performance", "Performance measured at training.", [
    "model_version",
    "metric",
    "split",
  ]),
  featureReference: gauge(
    "churn_training_feature_reference_ratio",
    "Share of a bin in the reference made at training.",
    ["model_version", "feature", "bin"],
  ),
  duration: gauge("churn_training_duration_seconds", "Duration of the training run.", ["model_version"]),
  lastSuccess: gauge("churn_training_last_success_timestamp_seconds", "When the training run ended.", [
    "model_version",
  ]),
} as const satisfies Record<string, Metric>;

export const trainingJob = "churn_train";
