"""Holds the gate's statistics equal to SciPy's and statsmodels', and the docs' figures to the code's.

    python3 ci/check-statistics.py            compares, exits 1 on a difference
    python3 ci/check-statistics.py --write    writes the simulation's figures into the docs first

Makes itself an environment under target/ with the packages it needs; CARGO names another cargo.
Every case is computed here by another route than in the gate: library functions where there are
any, else the textbook formula or plain enumeration.
"""

import itertools
import json
import math
import os
import subprocess
import sys
import venv
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
HOME = HERE / "target" / "statistics-venv"
PACKAGES = ["numpy==2.4.6", "scipy==1.17.1", "statsmodels==0.15.0"]
DOCS = HERE / "docs" / "statistics.md"
EXACT, APPROXIMATE = 1e-9, 1e-6


def in_environment():
    """Goes on in an environment that has the packages."""
    python = HOME / "bin" / "python"
    stamp = HOME / "packages"
    if not stamp.exists() or stamp.read_text() != "\n".join(PACKAGES):
        venv.create(HOME, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        stamp.write_text("\n".join(PACKAGES))
    os.execv(python, [str(python), __file__, "--inside", *sys.argv[1:]])


def tables(*names):
    cargo = os.environ.get("CARGO", "cargo")
    command = [cargo, "run", "--quiet", "--example", "tables", *names]
    return subprocess.run(command, cwd=HERE, check=True, stdout=subprocess.PIPE, text=True).stdout


def compare():
    import numpy as np
    from scipy import optimize, stats
    from scipy.special import xlogy
    from statsmodels.stats.contingency_tables import StratifiedTable
    from statsmodels.stats.proportion import proportion_confint

    def tail(k, n, p):
        """The chance of k or more of n runs of unequal chances with the mean p, at most."""
        if k >= n * p + 1 - 1e-9:
            return stats.binom.sf(k - 1, n, p)
        return min(1.0, stats.binom.sf(np.arange(k, n + 1) - 1, n, p).sum())

    def bounds(k, n, confidence):
        """Clopper's and Pearson's as SciPy has them, unless a share lies too near to the count for them."""

        def low(k):
            found = stats.binomtest(k, n, alternative="greater").proportion_ci(confidence, "exact").low
            chance = 1 - confidence
            if k == 0 or tail(k, n, found) <= chance + 1e-9:
                return found
            nearest = (k - 1) / n
            if tail(k, n, nearest + 1e-12) >= chance:
                return nearest
            return optimize.brentq(lambda p: tail(k, n, p) - chance, nearest + 1e-12, found, xtol=1e-15)

        return low(k), 1 - low(n - k)

    def chance_to_decide(further, k, n, threshold, confidence):
        """By adding up the chances of every number of passes that would decide."""
        passed = np.arange(further + 1)
        chance = (1 - confidence) * (1 - 1e-12)  # a bound that is the threshold to the last digit is not beyond it
        n_all = n + further
        if k / n > threshold:
            count, share = k + passed, threshold
        else:
            count, share = n_all - k - passed, 1 - threshold
        decides = stats.binom.sf(count - 1, n_all, share) <= chance
        if n_all * share > chance * (1 + 1e-9):
            decides &= count >= 2
        return stats.binom.pmf(passed, further, k / n)[decides].sum()

    def further_runs(result, k, n, threshold, confidence):
        """Does the number do what it promises, and one less not?"""
        chance = lambda further: chance_to_decide(further, k, n, threshold, confidence)
        if result is None:
            return k / n == threshold or chance(100_000) < 0.8
        return chance(result) >= 0.8 and (result == 0 or chance(result - 1) < 0.8)

    def quantile_bounds(values, q, confidence):
        sample = np.quantile(values, q)
        below, above = np.sort(values)[[int(f((len(values) - 1) * q)) for f in (math.floor, math.ceil)]]
        if q in (0, 1):
            # SciPy refuses the ends. The extreme seen bounds the extreme behind it on one side.
            return (None, min(values)) if q == 0 else (max(values), None)
        test = lambda side: stats.quantile_test(values, q=sample, p=q, alternative=side)
        low = test("greater").confidence_interval(confidence).low
        high = test("less").confidence_interval(confidence).high
        return (None if np.isnan(low) else min(low, below)), (None if np.isnan(high) else max(high, above))

    def mean_bounds(values, confidence):
        values, n = np.array(values), len(values)
        third = stats.moment(values, 3) / values.std(ddof=1) ** 3
        t = stats.t.isf(1 - confidence, n - 1)
        # Hall's transformation forwards, g(T) = T + aT²/3 + a²T³/27 + a/6, solved for T.
        a = third / math.sqrt(n)

        def solve(y):
            roots = np.roots([a * a / 27, a / 3, 1, a / 6 - y])
            return roots[np.argmin(abs(roots.imag))].real

        error = stats.sem(values)
        return values.mean() - solve(t) * error, values.mean() - solve(-t) * error

    def cochran_mantel_haenszel(rows):
        spread = lambda row: min(row[0] + row[2], row[2] + row[3]) - max(0, row[2] - row[1])
        if sum(map(spread, rows)) <= 2_000:
            if len(rows) == 1:
                (a, b, c, d), = rows
                return stats.fisher_exact([[a, b], [c, d]], alternative="greater").pvalue
            total = np.array([1.0])
            for a, b, c, d in rows:
                total = np.convolve(total, stats.hypergeom(a + b + c + d, a + c, c + d).pmf(np.arange(c + d + 1)))
            return total[: sum(row[2] for row in rows) + 1].sum()
        tables = [np.array([[a, b], [c, d]], dtype=float) for a, b, c, d in rows]
        found = StratifiedTable(tables).test_null_odds(correction=True)
        lacking = sum((a + c) * (c + d) / (a + b + c + d) - c for a, b, c, d in rows)
        z = math.copysign(math.sqrt(found.statistic), abs(lacking) - 0.5)
        if lacking < 0:
            # The correction goes the other way on the far side, which statsmodels has no use for.
            variance = ((abs(lacking) - 0.5) / z) ** 2
            z = (lacking - 0.5) / math.sqrt(variance)
        return stats.norm.sf(z)

    def difference(rows):
        weights = [(a + b) * (c + d) / (a + b + c + d) for a, b, c, d in rows]
        return np.average([c / (c + d) - a / (a + b) for a, b, c, d in rows], weights=weights)

    def mann_whitney(x, y):
        ties = len(set(x + y)) < len(x + y)
        if len(x + y) <= 20:
            if ties:
                return enumerated([(x, y)])
            return stats.mannwhitneyu(x, y, alternative="greater", method="exact").pvalue
        return stats.mannwhitneyu(x, y, alternative="greater", method="asymptotic").pvalue

    def enumerated(strata):
        """Every way to split the ranks, one by one within scenarios."""
        total = Counter({0.0: 1.0})
        seen = 0.0
        for x, y in strata:
            ranks, here = stats.rankdata(x + y), Counter()
            for chosen in itertools.combinations(ranks, len(x)):
                here[sum(chosen) / (len(ranks) + 1)] += 1
            ways = sum(here.values())
            seen += ranks[: len(x)].sum() / (len(ranks) + 1)
            both = Counter()
            for (a, p), (b, q) in itertools.product(total.items(), here.items()):
                both[round(a + b, 10)] += p * q / ways
            total = both
        return sum(p for value, p in total.items() if value >= seen - 1e-9)

    def van_elteren(sides):
        if max(len(x + y) for x, y in sides) <= 20:
            return enumerated(sides)
        above, variance = 0, 0
        for x, y in sides:
            ranks = stats.rankdata(x + y)
            m, n, N = len(x), len(y), len(ranks)
            above += (ranks[:m].sum() - m * (N + 1) / 2) / (N + 1)
            # The variance of a sum of m ranks drawn without replacement.
            variance += m * n / N * ranks.var(ddof=1) / (N + 1) ** 2
        step = 1 / (max(len(x + y) for x, y in sides) + 1)
        return stats.norm.sf((above - step / 2) / math.sqrt(variance))

    def design(threshold, alpha, looks):
        """The boundaries: each the least count with which the bound on the chance to cross holds."""

        def reached(looks, starts, p):
            """The chance to cross by the last of these looks, at most, for all counts at once."""
            later = np.zeros(looks[-1] + 1)
            for at in reversed(range(len(looks))):
                before, end = (looks[at - 1], starts[at - 1]) if at else (0, 1)
                added = looks[at] - before
                value = np.where(np.arange(looks[at] + 1) >= starts[at], 1.0, later[: looks[at] + 1])
                counts = np.arange(min(end, before + 1))
                rises = np.diff(value[counts[:, None] + np.arange(added + 1)], axis=1)
                far = max(1, math.ceil(added * p + 1 - 1e-9))
                near = np.maximum.accumulate(np.maximum(rises[:, : far - 1], 0), axis=1)
                least = near[:, -1:] if near.shape[1] else np.zeros((len(counts), 1))
                rises = np.hstack([near, np.maximum(rises[:, far - 1 :], least)])
                mean = value[counts] + rises @ stats.binom.sf(np.arange(added), added, p)
                later = np.zeros(looks[-1] + 1)
                later[counts] = np.maximum.accumulate(np.minimum(mean, 1))
            return later[0]

        def side(p):
            starts = []
            for at, runs in enumerate(looks):
                may = alpha * (runs / looks[-1]) ** 1.5
                starts.append(runs + 1)
                # No count nearer to the mean has a small chance to be reached.
                for start in range(runs, int(runs * p), -1):
                    if reached(looks[: at + 1], [*starts[:-1], start], p) > may:
                        break
                    starts[-1] = start
            return [None if start > runs else start for start, runs in zip(starts, looks)]

        return [list(pair) for pair in zip(side(threshold), side(1 - threshold))]

    def drop_bounds(rows, confidence):
        """The score bounds, with the likeliest shares found by search instead of by the cubic."""
        (a, b, c, d), = rows
        n, m, z = a + b, c + d, stats.norm.isf(1 - confidence)
        seen = a / n - c / m

        def far(drop):
            low, high = max(0.0, drop), min(1.0, 1.0 + drop)
            lost = lambda p: -(xlogy(a, p) + xlogy(b, 1 - p) + xlogy(c, p - drop) + xlogy(d, 1 - p + drop))
            ends = [low, high, optimize.minimize_scalar(lost, bounds=(low, high), method="bounded", options={"xatol": 1e-13}).x]
            p = min(ends, key=lost)
            q = p - drop
            variance = (p * (1 - p) / n + q * (1 - q) / m) * (n + m) / (n + m - 1)
            return (seen - drop) / math.sqrt(max(variance, 1e-300))

        edge = 1 - 1e-12
        low = -1.0 if far(-edge) <= z else optimize.brentq(lambda drop: far(drop) - z, -edge, seen - 1e-12)
        high = 1.0 if far(edge) >= -z else optimize.brentq(lambda drop: far(drop) + z, seen + 1e-12, edge)
        return low, high

    routes = {
        "design": (lambda *case: [-1 if end is None else end for look in design(*case) for end in look], EXACT),
        "drop.bounds": (drop_bounds, 1e-5),
        "normal.upper_quantile": (stats.norm.isf, EXACT),
        "student.upper_quantile": (stats.t.isf, EXACT),
        "binomial": (lambda k, n, p: (stats.binom.sf(k - 1, n, p), stats.binom.cdf(k, n, p)), EXACT),
        "wilson": (lambda k, n, c: proportion_confint(k, n, 1 - c, "wilson"), EXACT),
        "clopper_pearson": (lambda k, n, c: proportion_confint(k, n, 1 - c, "beta"), EXACT),
        "bounds": (bounds, EXACT),
        "unequal.at_least": (tail, EXACT),
        "quantile_bounds": (quantile_bounds, EXACT),
        "mean_bounds": (mean_bounds, APPROXIMATE),
        "cochran_mantel_haenszel": (lambda *rows: cochran_mantel_haenszel(rows), EXACT),
        "difference": (lambda *rows: difference(rows), EXACT),
        "mann_whitney": (mann_whitney, EXACT),
        "van_elteren": (lambda *sides: van_elteren(sides), EXACT),
    }

    seen, wrong = Counter(), 0
    for line in tables("statistics").splitlines():
        case = json.loads(line)
        name, arguments, result = case["function"], case["arguments"], case["result"]
        seen[name] += 1
        if name == "further_runs":
            expected, right = "to decide with a chance of 80 %, and one less not", further_runs(result, *arguments)
        else:
            route, within = routes[name]
            expected = route(*arguments)
            right = close(result, expected, within)
        if not right:
            wrong += 1
            print(f"{name}{str(arguments)[:300]}: the gate says {result}, expected {expected}")
    for name, count in seen.items():
        print(f"{name}: {count} cases")
    missing = set(routes) - set(seen)
    assert not missing, f"no case of {missing}"
    print(f"{sum(seen.values())} cases, {wrong} of them differ")
    return wrong == 0


def close(result, expected, within):
    """Relative for what is large, absolute for what is small."""
    if isinstance(result, list):
        return all(close(a, b, within) for a, b in zip(result, expected, strict=True))
    if result is None or expected is None:
        return result is None and (expected is None or not math.isfinite(expected))
    return abs(result - expected) <= within * max(1.0, abs(expected))


def hold_docs(write):
    """Each table of the simulation stands in the docs, between comments that name it."""
    text, right = DOCS.read_text(), True
    printed = tables("false_verdicts", "sampling", "order")
    for block in printed.split("<!-- begin ")[1:]:
        name = block.split(" -->")[0]
        block = "<!-- begin " + block.strip()
        end = f"<!-- end {name} -->"
        start = text.find(f"<!-- begin {name} -->")
        stop = text.find(end)
        if start < 0 or stop < 0:
            print(f"{DOCS.name} has no place for the table `{name}`")
            right = False
        elif text[start : stop + len(end)] != block:
            if write:
                text = text[:start] + block + text[stop + len(end) :]
            else:
                print(f"{DOCS.name}: the table `{name}` is not what the simulation prints; run with --write")
                right = False
    if write:
        DOCS.write_text(text)
    return right


def main():
    if "--inside" not in sys.argv:
        in_environment()
    results = [compare(), hold_docs("--write" in sys.argv)]
    sys.exit(0 if all(results) else 1)


main()
