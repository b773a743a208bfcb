"""Reference values for the tests of this folder, from scipy, scikit-learn, statsmodels and NannyML.

    pip install nannyml==0.13.1 scikit-learn==1.9.1 scipy==1.17.1 statsmodels
    python golden.py > golden.json && bunx biome format --write golden.json

Spreads that no library gives are numerical derivatives of scikit-learn's weighted metrics.
"""

import json
import sys

import numpy as np
from nannyml.performance_estimation.confidence_based import metrics as nannyml
from scipy import optimize, special, stats
from scipy.spatial.distance import jensenshannon
from sklearn import metrics
from sklearn.isotonic import IsotonicRegression
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

rng = np.random.default_rng(20240229)
floats = lambda values: [float(value) for value in values]


def distributions():
    shapes = [0.5, 1, 2.5, 11, 75.5, 400]
    around = lambda shape: [shape * factor for factor in (0.05, 0.5, 0.9, 1.02, 1.5, 4)]
    x = np.array([1e-8, 1e-3, 0.3, 0.5, 1, 1.5, 2, 2.5, 7.2, 14.9, 15.1, 123.4, 1e4, 1e9])
    z = np.array([-37, -9, -3.1, -1, -0.01, 0, 0.5, 1.96, 4, 8])
    p = np.array([1e-300, 1e-12, 1e-4, 0.025, 0.2, 0.4999, 0.5, 0.7, 0.975, 0.999999])
    k = np.array([0.02, 0.15, 0.3, 0.6, 0.9999, 1.0, 1.2, 1.63, 2.5, 5])
    degrees = [1, 2, 7, 11, 140, 2000]
    tails = [0.999, 0.5, 0.05, 1e-3, 1e-6, 1e-12, 1e-100]
    return {
        "logGamma": [floats(x), floats(special.gammaln(x))],
        "gamma": [[s, v, float(special.gammainc(s, v)), float(special.gammaincc(s, v))] for s in shapes for v in around(s)],
        "beta": [
            [v, a, b, float(special.betainc(a, b, v))]
            for a, b in ((0.5, 0.5), (1, 3), (2.5, 0.7), (30, 4), (400, 900))
            for v in (1e-4, 0.1, 0.3, 0.31, 0.5, 0.9, 0.999)
        ],
        "binomialSurvival": [[k_, n, r, float(stats.binom.sf(k_ - 1, n, r))] for k_, n, r in ((3, 10, 0.2), (31, 2000, 0.01), (60, 2000, 0.01), (1, 50, 0.001))],
        "normalCdf": [floats(z), floats(special.ndtr(z))],
        "normalQuantile": [floats(p), floats(special.ndtri(p))],
        "chiSquareSurvival": [[v, d, float(stats.chi2.sf(v, d))] for d in degrees for v in (0.1, d, 2.0 * d + 20, 5.0 * d + 300)],
        "chiSquareQuantile": [[q, d, float(stats.chi2.ppf(q, d))] for d in degrees for q in (1e-9, 1e-3, 0.3, 0.5, 0.95, 0.999)],
        "chiSquareUpperQuantile": [[q, d, float(stats.chi2.isf(q, d))] for d in degrees for q in tails],
        "kolmogorovSurvival": [floats(k), floats(special.kolmogorov(k))],
    }


def smoothed(counts, kept):
    counts = counts[kept] + 0.5
    return counts / counts.sum()


def distances():
    pairs = [
        ([100, 200, 300, 400], [10, 30, 25, 35]),
        ([5, 0, 1995, 20, 0], [0, 7, 480, 13, 0]),
        ([3, 0], [0, 9]),
        (rng.multinomial(20000, [0.05] * 10 + [0.4, 0.1]).tolist(), rng.multinomial(2000, [0.05] * 10 + [0.35, 0.15]).tolist()),
    ]
    cases = []
    for reference, window in pairs:
        r, w = np.array(reference), np.array(window)
        kept = (r + w) > 0
        chi2 = stats.chi2_contingency(np.array([r[kept], w[kept]]), correction=False)
        rs, ws = smoothed(r, kept), smoothed(w, kept)
        p, q = r / r.sum(), w / w.sum()
        bins = np.arange(len(r))
        ks = stats.ks_2samp(np.repeat(bins, r), np.repeat(bins, w), method="asymp")
        n = r.sum() * w.sum() / (r.sum() + w.sum())
        cases.append(
            {
                "reference": reference,
                "window": window,
                "populationStabilityIndex": float(stats.entropy(ws, rs) + stats.entropy(rs, ws)),
                "jensenShannonDistance": float(jensenshannon(p, q, 2)),
                "hellingerDistance": float(np.linalg.norm(np.sqrt(p) - np.sqrt(q)) / np.sqrt(2)),
                "lInfinityDistance": float(np.abs(p - q).max()),
                "chiSquare": [float(chi2.statistic), int(chi2.dof), float(chi2.pvalue)],
                "kolmogorovSmirnov": [float(ks.statistic), float(special.kolmogorov(ks.statistic * np.sqrt(n)))],
            }
        )
    return cases


def samples():
    cases = []
    for n, m, shift, digits in ((40, 60, 0.3, 6), (150, 90, 0.0, 1), (1, 3, 2.0, 6), (80, 500, 0.1, 0)):
        a = np.sort(np.round(rng.lognormal(0, 1, n), digits))
        b = np.sort(np.round(rng.lognormal(shift, 1, m), digits))
        statistic = stats.ks_2samp(a, b).statistic
        spread = a.std() if n > 1 else 1.0
        cases.append(
            {
                "reference": floats(a),
                "window": floats(b),
                "kolmogorovSmirnov": [float(statistic), float(special.kolmogorov(statistic * np.sqrt(n * m / (n + m))))],
                "wassersteinDistance": float(stats.wasserstein_distance(a, b) / spread) if n > 1 else None,
            }
        )
    return cases


def multiplicity():
    p = [0.01, 0.04, 0.03, 0.005, 0.5, 0.04, 1.0, 1e-9, 0.2]
    return {
        "pValues": p,
        "holm": floats(multipletests(p, method="holm")[1]),
        "benjaminiHochberg": floats(stats.false_discovery_control(p)),
    }


def calibration_error(y, p, weights=None):
    weights = np.ones(len(y)) if weights is None else weights
    bins = np.minimum((p * 10).astype(int), 9)
    return sum(abs(np.sum(weights[bins == b] * (p - y)[bins == b])) for b in range(10)) / weights.sum()


def calibration_spread(y, p):
    """Covariance of the ten gaps from the rows, then the spread of the sum of their absolute values."""
    bins = np.minimum((p * 10).astype(int), 9)
    gaps = (p - y)[:, None] * (bins[:, None] == np.arange(10))
    covariance = np.cov(gaps.T, ddof=0) * len(y)
    mean, deviation = gaps.sum(0), np.sqrt(np.diag(covariance))
    slope = np.where(deviation > 0, special.erf(mean / np.where(deviation > 0, deviation, 1) / np.sqrt(2)), np.sign(mean))
    folded = np.outer(slope, slope) * covariance
    for b in np.flatnonzero(deviation > 0):
        folded[b, b] = stats.foldnorm.var(abs(mean[b]) / deviation[b], scale=deviation[b])
    return np.sqrt(folded.sum()) / len(y)


def delong(y, *scores):
    """Straight from the definition, every pair of rows: AUCs and their covariance matrix."""
    ofs, negatives = [], []
    for s in scores:
        wins = (s[y == 1][:, None] > s[y == 0][None, :]) + 0.5 * (s[y == 1][:, None] == s[y == 0][None, :])
        ofs.append(wins.mean(1))
        negatives.append(wins.mean(0))
    ofs, negatives = np.array(ofs), np.array(negatives)
    covariance = np.atleast_2d(np.cov(ofs)) / ofs.shape[1] + np.atleast_2d(np.cov(negatives)) / negatives.shape[1]
    return ofs.mean(1), covariance


def jackknife(metric, rows, step=1e-4):
    """Infinitesimal jackknife: derivatives of a weighted metric by the weight of each row, root of summed squares."""
    ones, derivatives = np.ones(rows), []
    for row in range(rows):
        up, down = ones.copy(), ones.copy()
        up[row] += step
        down[row] -= step
        derivatives.append((metric(up) - metric(down)) / (2 * step))
    return float(np.linalg.norm(derivatives))


def classification():
    cases = []
    for name, rows, rate, digits, threshold in (("distinct", 240, 0.3, 6, 0.31), ("tied", 300, 0.2, 1, 0.3), ("rare", 120, 0.05, 6, 0.11)):
        p = np.round(stats.beta.rvs(1.2, 1.2 * (1 - rate) / rate, size=rows, random_state=rng), digits)
        y = (rng.random(rows) < np.clip(p * 1.1, 0, 1)).astype(int)
        other = np.round(np.clip(p + rng.normal(0, 0.15, rows), 0, 1), digits)
        predicted = (p >= threshold).astype(int)
        tn, fp, fn, tp = metrics.confusion_matrix(y, predicted).ravel()
        auc, covariance = delong(y, p, other)
        difference = auc[0] - auc[1]
        z = difference / np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
        surprise = -np.log(np.clip(np.where(y == 1, p, 1 - p), np.finfo(float).eps, 1 - np.finfo(float).eps))
        precisions, recalls, thresholds = metrics.precision_recall_curve(y, p)
        with np.errstate(invalid="ignore"):
            f1 = np.nan_to_num(2 * precisions * recalls / (precisions + recalls))
        cases.append(
            {
                "name": name,
                "probabilities": floats(p),
                "labels": y.tolist(),
                "other": floats(other),
                "threshold": threshold,
                "confusion": [int(tp), int(fp), int(fn), int(tn)],
                "bestF1": float(f1.max()),
                "metrics": {
                    "accuracy": float(metrics.accuracy_score(y, predicted)),
                    "precision": float(metrics.precision_score(y, predicted)),
                    "recall": float(metrics.recall_score(y, predicted)),
                    "specificity": float(metrics.recall_score(y, predicted, pos_label=0)),
                    "f1": float(metrics.f1_score(y, predicted)),
                    "roc_auc": float(metrics.roc_auc_score(y, p)),
                    "average_precision": float(metrics.average_precision_score(y, p)),
                    "brier": float(metrics.brier_score_loss(y, p)),
                    "log_loss": float(metrics.log_loss(y, p)),
                    "calibration_error": float(calibration_error(y, p)),
                },
                "standardErrors": {
                    "roc_auc": float(np.sqrt(covariance[0, 0])),
                    "brier": float(stats.sem((p - y) ** 2)),
                    "log_loss": float(stats.sem(surprise)),
                    "calibration_error": float(calibration_spread(y, p)),
                },
                "derivedStandardErrors": {
                    "accuracy": jackknife(lambda w: metrics.accuracy_score(y, predicted, sample_weight=w), rows),
                    "precision": jackknife(lambda w: metrics.precision_score(y, predicted, sample_weight=w), rows),
                    "recall": jackknife(lambda w: metrics.recall_score(y, predicted, sample_weight=w), rows),
                    "specificity": jackknife(lambda w: metrics.recall_score(y, predicted, pos_label=0, sample_weight=w), rows),
                    "f1": jackknife(lambda w: metrics.f1_score(y, predicted, sample_weight=w), rows),
                    "average_precision": jackknife(lambda w: metrics.average_precision_score(y, p, sample_weight=w), rows),
                },
                "wilson": {
                    "accuracy": floats(proportion_confint(tp + tn, rows, method="wilson")),
                    "precision": floats(proportion_confint(tp, tp + fp, method="wilson")),
                    "recall": floats(proportion_confint(tp, tp + fn, method="wilson")),
                    "specificity": floats(proportion_confint(tn, tn + fp, method="wilson")),
                },
                "compareAuc": [float(difference), float(z), float(2 * stats.norm.sf(abs(z)))],
                "estimate": estimation(p, threshold),
            }
        )
    return cases


def estimation(p, threshold):
    """Each row as a positive of weight p and a negative of weight 1 − p, given to scikit-learn; spreads by derivative."""
    rows, predicted = len(p), (p >= threshold).astype(int)
    labels, scores, twice = np.r_[np.ones(rows), np.zeros(rows)].astype(int), np.r_[p, p], np.r_[predicted, predicted]
    named = {
        "accuracy": lambda w: metrics.accuracy_score(labels, twice, sample_weight=w),
        "precision": lambda w: metrics.precision_score(labels, twice, sample_weight=w),
        "recall": lambda w: metrics.recall_score(labels, twice, sample_weight=w),
        "specificity": lambda w: metrics.recall_score(labels, twice, pos_label=0, sample_weight=w),
        "f1": lambda w: metrics.f1_score(labels, twice, sample_weight=w),
        "roc_auc": lambda w: metrics.roc_auc_score(labels, scores, sample_weight=w),
        "average_precision": lambda w: metrics.average_precision_score(labels, scores, sample_weight=w),
        "brier": lambda w: metrics.brier_score_loss(labels, scores, sample_weight=w),
        "log_loss": lambda w: metrics.log_loss(labels, scores, sample_weight=w),
    }

    def spread(metric, step=1e-4):
        total = 0.0
        for row in range(rows):
            values = []
            for sign in (1, -1):
                q = p.copy()
                q[row] += sign * step
                values.append(metric(np.r_[q, 1 - q]))
            total += ((values[0] - values[1]) / (2 * step)) ** 2 * p[row] * (1 - p[row])
        return float(np.sqrt(total))

    variance, bins = p * (1 - p), np.minimum((p * 10).astype(int), 9)
    deviation = np.array([np.sqrt(variance[bins == b].sum()) for b in range(10)])
    values = {name: float(metric(np.r_[p, 1 - p])) for name, metric in named.items()}
    spreads = {name: spread(metric) for name, metric in named.items()}
    values["calibration_error"] = float(stats.halfnorm.mean(scale=deviation[deviation > 0]).sum() / rows)
    spreads["calibration_error"] = float(np.sqrt(stats.halfnorm.var(scale=deviation[deviation > 0]).sum()) / rows)
    return {
        "metrics": values,
        "standardErrors": spreads,
        "nannyml": {
            "accuracy": float(nannyml.estimate_accuracy(predicted, p)),
            "precision": float(nannyml.estimate_precision(predicted, p)),
            "recall": float(nannyml.estimate_recall(predicted, p)),
            "specificity": float(nannyml.estimate_specificity(predicted, p)),
            "f1": float(nannyml.estimate_f1(predicted, p)),
            "roc_auc": float(nannyml.estimate_roc_auc(p, p)),
            "average_precision": float(nannyml.estimate_ap(p, p)),
        },
    }


def platt(scores, labels, weights):
    positives, negatives = weights[labels == 1].sum(), weights[labels == 0].sum()
    target = np.where(labels == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))

    def gradient(x):
        error = weights * (special.expit(x[0] * scores + x[1]) - target)
        return [np.sum(error * scores), np.sum(error)]

    return floats(optimize.root(gradient, [1.0, 0.0], tol=1e-15).x)


def calibration():
    scores = np.round(rng.normal(-1.5, 2, 150), 3)
    labels = (rng.random(150) < special.expit(0.7 * scores - 0.4)).astype(int)
    tied = np.round(scores, 0)
    weights = rng.integers(1, 4, 150).astype(float)
    at = np.linspace(-9, 6, 61)
    isotonic = lambda x, w: floats(IsotonicRegression(out_of_bounds="clip").fit(x, labels, sample_weight=w).predict(at))
    separable = np.array([-3.0, -2.0, -1.0, 2.0, 5.0])
    return {
        "scores": floats(scores),
        "labels": labels.tolist(),
        "weights": floats(weights),
        "platt": platt(scores, labels, np.ones(150)),
        "plattWeighted": platt(scores, labels, weights),
        "plattSeparable": platt(separable, np.array([0, 0, 0, 1, 1]), np.ones(5)),
        "at": floats(at),
        "isotonic": isotonic(scores, None),
        "isotonicTied": isotonic(tied, weights),
    }


json.dump(
    {
        "distributions": distributions(),
        "distances": distances(),
        "samples": samples(),
        "multiplicity": multiplicity(),
        "classification": classification(),
        "calibration": calibration(),
    },
    sys.stdout,
    indent=None,
    allow_nan=False,
)
sys.stdout.write("\n")
