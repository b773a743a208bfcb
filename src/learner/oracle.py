"""What XGBoost and scikit-learn reach on the problem of oracle.ts: the figures that oracle.test.ts compares with.

    bun src/learner/oracle.ts FOLDER && python3 src/learner/oracle.py FOLDER

Needs numpy, xgboost and scikit-learn; nothing of the project does.
"""

import sys

import numpy
import sklearn
import xgboost
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss, roc_auc_score


def read(name):
    cells = numpy.genfromtxt(f"{sys.argv[1]}/{name}.csv", delimiter=",", skip_header=1, dtype=numpy.float32)
    return cells[:, 1:], cells[:, 0].astype(int)


features, labels = read("train")
test_features, test_labels = read("test")


def show(name, probabilities):
    auc = roc_auc_score(test_labels, probabilities)
    loss = log_loss(test_labels, probabilities.astype(numpy.float64))
    print(f"{name}: auc {auc:.5f}, log loss {loss:.5f}")


model = xgboost.train(
    {
        "objective": "binary:logistic",
        "tree_method": "hist",
        "grow_policy": "lossguide",
        "max_depth": 0,
        "max_leaves": 31,
        "max_bin": 255,
        "eta": 0.1,
        "lambda": 1,
        "min_child_weight": 5,
        "nthread": 1,
    },
    xgboost.DMatrix(features, label=labels),
    60,
)
show(f"xgboost {xgboost.__version__}", model.predict(xgboost.DMatrix(test_features)))

model = HistGradientBoostingClassifier(
    max_iter=60, learning_rate=0.1, max_leaf_nodes=31, l2_regularization=1, max_bins=255, early_stopping=False
)
show(f"scikit-learn {sklearn.__version__}", model.fit(features, labels).predict_proba(test_features)[:, 1])
