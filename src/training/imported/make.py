"""Makes the models of other tools that the tests import, each with its manifest and what the tool itself predicts.

python3 make.py SAMPLE.csv   (numpy, pandas, scikit-learn, xgboost, lightgbm, skl2onnx, onnxmltools)
"""

import json
import sys
from pathlib import Path

import lightgbm
import numpy
import onnxmltools
import pandas
import xgboost
from onnxmltools.convert.common.data_types import FloatTensorType as ToolsFloat
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType

here = Path(__file__).parent
table = pandas.read_csv(sys.argv[1])
table.columns = [name.lower() for name in table.columns]
target = table["churn"].to_numpy()
numbers = ["montant", "revenue", "data_volume", "on_net", "regularity"]
shown = table.iloc[:40]


def customers():
    for _, row in shown.iterrows():
        known = {name: row[name] for name in [*numbers, "region", "tenure", "top_pack"] if not pandas.isna(row[name])}
        yield {"user_id": row["user_id"], **known}


def keep(name, model, manifest, probabilities):
    (here / f"{name}.onnx").write_bytes(model.SerializeToString())
    expected = [round(float(p), 7) for p in probabilities]
    text = json.dumps({"manifest": manifest, "customers": list(customers()), "probabilities": expected}, indent=1)
    (here / f"{name}.golden.json").write_text(text + "\n")


# XGBoost: a float matrix, NaN for missing, codes for a category; label and probabilities.
codes = {level: code for code, level in enumerate(sorted(table["region"].dropna().unique()))}
matrix = table[numbers].assign(region=table["region"].map(codes)).to_numpy(numpy.float32)
booster = xgboost.XGBClassifier(n_estimators=12, max_depth=3, learning_rate=0.4).fit(matrix, target)
keep(
    "xgboost",
    onnxmltools.convert_xgboost(booster, initial_types=[("input", ToolsFloat([None, matrix.shape[1]]))]),
    {"columns": [{"name": name} for name in numbers] + [{"name": "region", "codes": codes}]},
    booster.predict_proba(matrix[:40])[:, 1],
)

# LightGBM: the same, -1 for a missing category; probabilities as a sequence of maps.
filled = matrix.copy()
filled[:, -1] = numpy.nan_to_num(filled[:, -1], nan=-1)
trees = lightgbm.LGBMClassifier(n_estimators=12, num_leaves=7, learning_rate=0.4, verbose=-1).fit(filled, target)
keep(
    "lightgbm",
    onnxmltools.convert_lightgbm(trees, initial_types=[("input", ToolsFloat([None, filled.shape[1]]))], target_opset=15),
    {"columns": [{"name": name} for name in numbers] + [{"name": "region", "codes": codes, "missing": -1, "other": -1}]},
    trees.predict_proba(filled[:40])[:, 1],
)

# scikit-learn: one input for each column, texts as they are; probabilities as a sequence of maps.
texts = ["region", "tenure"]
frame = table[numbers].astype(numpy.float32).join(table[texts].fillna("(missing)"))
prepare = ColumnTransformer(
    [
        ("numbers", make_pipeline(SimpleImputer(strategy="constant", fill_value=0), StandardScaler()), numbers),
        ("texts", OneHotEncoder(handle_unknown="ignore"), texts),
    ]
)
pipeline = make_pipeline(prepare, LogisticRegression(max_iter=1000)).fit(frame, target)
keep(
    "sklearn-pipeline",
    to_onnx(
        pipeline,
        initial_types=[(name, FloatTensorType([None, 1])) for name in numbers]
        + [(name, StringTensorType([None, 1])) for name in texts],
        target_opset=15,
    ),
    {"columns": [{"name": name} for name in numbers] + [{"name": name, "missing": "(missing)"} for name in texts]},
    pipeline.predict_proba(frame.iloc[:40])[:, 1],
)

# scikit-learn: a float matrix, -1 for missing; label and probabilities as tensors.
plain = numpy.nan_to_num(table[numbers].to_numpy(numpy.float32), nan=-1)
forest = RandomForestClassifier(n_estimators=8, max_leaf_nodes=12, random_state=1).fit(plain, target)
keep(
    "sklearn-forest",
    to_onnx(forest, plain[:1], target_opset=15, options={id(forest): {"zipmap": False}}),
    {"columns": [{"name": name, "missing": -1} for name in numbers]},
    forest.predict_proba(plain[:40])[:, 1],
)
