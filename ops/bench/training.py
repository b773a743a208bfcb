"""The obvious way in Python: pandas, XGBoost with early stopping, scikit-learn: training.py FILE PARAMETERS (the learner's defaults, as JSON)"""

import json
import sys
import time

import numpy
import pandas
import sklearn.metrics
import xgboost

file, parameters = sys.argv[1], json.loads(sys.argv[2])
threads = parameters["threads"]
start = time.perf_counter()
table = pandas.read_csv(file)
read = time.perf_counter()

labels = table["CHURN"].to_numpy()
features = table.drop(columns=["user_id", "CHURN", "MRG"])
for name in features.columns:
    if features[name].dtype == object:
        features[name] = features[name].astype("category").cat.codes.replace(-1, numpy.nan)
part = numpy.random.default_rng(1).random(len(table))


def matrix(rows):
    return xgboost.DMatrix(features[rows], label=labels[rows], nthread=threads)


train, validation, holdout = matrix(part < 0.6), matrix((part >= 0.6) & (part < 0.8)), matrix(part >= 0.8)
model = xgboost.train(
    {
        "objective": "binary:logistic",
        "eval_metric": "logloss",
        "tree_method": "hist",
        "grow_policy": "lossguide",
        "max_depth": 0,
        "max_leaves": parameters["maxLeaves"],
        "eta": parameters["learningRate"],
        "min_child_weight": parameters["minChildWeight"],
        "nthread": threads,
        "seed": 1,
    },
    train,
    parameters["rounds"],
    evals=[(validation, "validation")],
    early_stopping_rounds=parameters["earlyStoppingRounds"],
    verbose_eval=False,
)
probabilities = model.predict(holdout, iteration_range=(0, model.best_iteration + 1))
truth = holdout.get_label()
figures = {
    "auc": sklearn.metrics.roc_auc_score(truth, probabilities),
    "logLoss": sklearn.metrics.log_loss(truth, probabilities),
    "rounds": model.best_iteration + 1,
    "readSeconds": read - start,
}
sklearn.metrics.average_precision_score(truth, probabilities)
sklearn.metrics.confusion_matrix(truth, probabilities >= 0.5)
with open("/proc/self/status") as status:
    figures["peakBytes"] = 1024 * next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
print(json.dumps(figures))
