#!/usr/bin/env node
// Starts the binary of this system, which came as a package of its own, and ends as it ends.
"use strict";

const { spawn } = require("node:child_process");

const system = `${process.platform}-${process.arch}`;
const name = `cekura-gate-${system}`;

// Code 2 is the gate's own for a fault before anything has started; 1 would be a verdict.
function refuse(message) {
    process.stderr.write(`error: ${message}\n`);
    process.exit(2);
}

let binary;
try {
    binary = require.resolve(`${name}/cekura-gate${process.platform === "win32" ? ".exe" : ""}`);
} catch {
    const known = Object.keys(require("./package.json").optionalDependencies);
    refuse(
        known.includes(name)
            ? `the package \`${name}\` is not installed: install again without --omit=optional (--no-optional)`
            : `there is no binary for ${system}; there is one for ` +
                  known.map((known) => known.replace("cekura-gate-", "")).join(", "),
    );
}

const gate = spawn(binary, process.argv.slice(2), { stdio: "inherit", windowsHide: true });
gate.on("error", (error) => refuse(`${binary} cannot be started: ${error.message}`));

// A cancelled job has to reach the gate, which ends its calls and reports. What a terminal sends,
// it sends to both; a second signal would end the gate at once.
const terminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"]) {
    if (process.platform === "win32" && signal === "SIGQUIT") continue;
    process.on(signal, () => {
        if (!terminal || signal === "SIGTERM") gate.kill(signal);
    });
}

gate.on("exit", (code, signal) => {
    if (signal === null) {
        process.exit(code);
    }
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
});
