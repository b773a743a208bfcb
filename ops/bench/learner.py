"""Fits XGBoost on the rows that ops/bench/learner.ts wrote, and writes its probabilities: learner.py FOLDER"""

import json
import resource
import sys
import time

import numpy
import xgboost

folder = sys.argv[1]
with open(f"{folder}/problem.json") as file:
    problem = json.load(file)
parameters = problem["parameters"]


def read(part):
    features = numpy.fromfile(f"{folder}/{part}.features", dtype=numpy.float32)
    labels = numpy.fromfile(f"{folder}/{part}.labels", dtype=numpy.uint8)
    # By column, as the other side has them.
    return features.reshape(-1, len(labels)).T, labels


train_features, train_labels = read("train")
test_features, _ = read("test")
before = resource.getrusage(resource.RUSAGE_SELF)

start = time.perf_counter()
matrix = xgboost.QuantileDMatrix(
    train_features, label=train_labels, max_bin=parameters["maxBins"] - 1, nthread=parameters["threads"]
)
model = xgboost.train(
    {
        "objective": "binary:logistic",
        "tree_method": "hist",
        "grow_policy": "lossguide",
        "max_depth": 0,
        "max_leaves": parameters["maxLeaves"],
        "max_bin": parameters["maxBins"] - 1,
        "eta": parameters["learningRate"],
        "lambda": parameters["lambda"],
        "min_child_weight": parameters["minChildWeight"],
        "nthread": parameters["threads"],
        "seed": 1,
    },
    matrix,
    parameters["rounds"],
)
seconds = time.perf_counter() - start
after = resource.getrusage(resource.RUSAGE_SELF)
# Not getrusage: a process that was spawned starts there with the peak of the one that spawned it.
with open("/proc/self/status") as file:
    peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))

model.predict(xgboost.DMatrix(test_features)).astype(numpy.float32).tofile(f"{folder}/xgboost.probabilities")
print(
    json.dumps(
        {
            "name": f"XGBoost {xgboost.__version__} hist",
            "seconds": seconds,
            "processorSeconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
            "peakBytes": peak * 1024,
        }
    )
)
