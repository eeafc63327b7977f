"""One mean cell under a constant power, from the equations of the cell as a textbook has them: by scipy's LSODA where it
is installed, else by the classical Runge-Kutta method. Reads the parameters as JSON, prints what comes of it as JSON."""

import json
import math
import sys

p = json.load(sys.stdin)


def between(table, x):
    if x <= table[0][0]:
        return table[0][1]
    for (x0, y0), (x1, y1) in zip(table, table[1:]):
        if x <= x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return table[-1][1]


def parts(y):
    """What the cell is at: its voltage without a current, its resistance factor, and the current that gives the power."""
    soc, v1, v2, h, celsius = y
    beta = p["beta_cold_k"] if celsius < 25.0 else p["beta_warm_k"]
    warmth = math.exp(beta * (1.0 / (celsius + 273.15) - 1.0 / 298.15))
    factor = p["factor"] * warmth * between(p["low_soc"], soc)
    gap = between(p["hysteresis"], soc)
    emf = between(p["ocv"], soc) + h * gap - v1 - v2
    series = p["series"]
    volts, ohm = series * emf, series * p["r0"] * factor + p["fixed_ohm"]
    power = p["power_w"]
    current = (volts - math.sqrt(volts * volts - 4.0 * ohm * power)) / (2.0 * ohm)
    return emf, factor, gap, current


def slope(_t, y):
    soc, v1, v2, h, celsius = y
    emf, factor, gap, current = parts(y)
    (r1, tau1), (r2, tau2) = p["rc1"], p["rc2"]
    heat = current * (-h * gap + v1 + v2 + current * p["r0"] * factor)
    heat -= current * (celsius + 273.15) * between(p["entropy"], soc)
    heat -= p["to_air_w_per_k"] * (celsius - p["air_c"])
    return [
        -100.0 * current / (3600.0 * p["capacity_ah"]),
        (current * r1 * factor - v1) / tau1,
        (current * r2 * factor - v2) / tau2,
        -(1.0 + h) * current / (3600.0 * p["rated_ah"] * p["hysteresis_throughput"]),
        heat / p["heat_capacity"],
    ]


def voltage(y):
    emf, factor, _, current = parts(y)
    return emf - current * p["r0"] * factor


start = [p["soc_pct"], 0.0, 0.0, 0.0, p["celsius"]]
floor = p["floor_pct"]

try:
    from scipy.integrate import solve_ivp

    def reached(_t, y):
        return y[0] - floor

    reached.terminal = True
    done = solve_ivp(slope, (0.0, 86400.0), start, "LSODA", events=reached, max_step=20.0, rtol=1e-8, atol=1e-9)
    end_s, y, by = done.t[-1], list(done.y[:, -1]), "scipy LSODA"
except ImportError:
    end_s, y, dt, by = 0.0, start, 1.0, "Runge-Kutta"
    while True:
        ks = [slope(end_s, y)]
        for part in (0.5, 0.5, 1.0):
            ks.append(slope(end_s, [a + part * dt * k for a, k in zip(y, ks[-1])]))
        after = [a + dt / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4) for a, k1, k2, k3, k4 in zip(y, *ks)]
        if after[0] <= floor:
            share = (y[0] - floor) / (y[0] - after[0])
            end_s += share * dt
            y = [a + share * (b - a) for a, b in zip(y, after)]
            break
        end_s, y = end_s + dt, after

json.dump({"minutes": end_s / 60.0, "lowest_v": voltage(y), "celsius": y[4], "by": by}, sys.stdout)
