//! `summary.md` and the comment on a pull request, as a person reads them.

use cekura_gate::report::markdown::comment::{Origin, comment};
use cekura_gate::report::markdown::markdown;
use insta::assert_snapshot;

use crate::report_files::sample;

#[test]
fn the_summary_says_what_failed_and_why() {
    // The character that keeps text from becoming a reference is invisible.
    let text = markdown(&sample::report()).replace('\u{200b}', "◌");
    assert_snapshot!(text, @r"
    ## ❌ Failed: success\_rate is 75%, wanted &gt;= 90%; errors is inconclusive

    **Checkout regression** · voice · 9 runs: 6 passed, 2 failed, 1 errored · 4m12s · [result 4711](https://dashboard.cekura.ai/1376/results/4711)

    <details><summary>Checks: 1 failed, 1 inconclusive, 1 warning, 1 passed</summary>

    | | Check | Wanted | Seen | Runs | Why |
    |---|---|---|---|---|---|
    | ❌ failed | success\_rate | &gt;= 90% | 75%<br>`█████▓▓▓▓▒▒│░`<br>40.9% to 92.9% (95% sure) | 8 (+1 unknown) | 75% of 8 judged runs passed, wanted at least 90%: 2 runs failed |
    | ❔ inconclusive | errors | &lt;= 10% | 11.1%<br>`█│░░░░░░░░░░░` | 8 (+1 unknown) | 11.1% of 9 runs errored, wanted at most 10%; 1 more run would decide it |
    | ⚠️ warning | success\_rate in Refund for a late order | &gt;= 60% | 33.3%<br>`████░░░│░░░░░` | 3 | 33.3% of 3 judged runs passed, wanted at least 60% |
    | ✅ passed | Latency | p95 &lt;= 2500ms | 2310ms<br>`█████████░│░░` | 8 (+1 unknown) |  |

    </details>

    <details><summary>1 of 3 scenarios with failed runs</summary>

    | Scenario | Failed | |
    |---|---|---|
    | Refund for a late order | 2 of 3 | The agent promised a refund without looking the order up |

    The causes are grouped by the platform, in a model's words.

    #### Refunds are promised without an order lookup

    2 runs: 9001, 9002

    <details><summary>Run 9001 · Refund for a late order · Impatient caller · #◌1 · Main agent-ended-call after 1m3s</summary>

    The agent's last words:

    > 0:17 **Main Agent:** I have refunded the full amount, it arrives tomorrow.

    - expected outcome: **50 of 100**<br>✅ The agent greeted the caller and asked for the order number<br>❌ The agent promised a refund without looking the order up
    - Workflow adherence: **not passed**<br>Step 3 (look the order up) was skipped; the agent went straight to step 5
    - Latency: **2310**
    - Sentiment: **neutral**

    The conversation:

    > 0:00 **Main Agent:** Thank you for calling Northwind, how can I help?\
    > 0:04 **Testing Agent:** My order is two weeks late and I want my money back.\
    > 0:09 **Main Agent:** I am sorry to hear that. What is your order number?\
    > 0:14 **Testing Agent:** It's 55 012.\
    > 0:17 **Main Agent:** I have refunded the full amount, it arrives tomorrow.

    </details>

    <details><summary>Run 9002 · Refund for a late order · Impatient caller · #◌2 · Main agent-ended-call after 1m4s</summary>

    The agent's last words:

    > 0:17 **Main Agent:** I have refunded the full amount, it arrives tomorrow.

    - expected outcome: **50 of 100**<br>✅ The agent greeted the caller and asked for the order number<br>❌ The agent promised a refund without looking the order up
    - Workflow adherence: **not passed**<br>Step 3 (look the order up) was skipped; the agent went straight to step 5
    - Latency: **2310**
    - Sentiment: **neutral**

    The conversation:

    > 0:00 **Main Agent:** Thank you for calling Northwind, how can I help?\
    > 0:04 **Testing Agent:** My order is two weeks late and I want my money back.\
    > 0:09 **Main Agent:** I am sorry to hear that. What is your order number?\
    > 0:14 **Testing Agent:** It's 55 012.\
    > 0:17 **Main Agent:** I have refunded the full amount, it arrives tomorrow.

    </details>

    </details>

    <details><summary>1 run without a verdict</summary>

    | | Blame | Why | Runs |
    |---|---|---|---|
    | 1 errored | telephony | SIP 503 from carrier (sip-call-failed) | 9006<br>of Change of address |

    </details>

    <details><summary>What the platform suggests (written by a model, not checked)</summary>

    **What happened:** In two of three refund calls the agent confirmed a refund at once.

    **Why:** The prompt names refunds before it names \`lookup\_order\`.

    **How to fix it:** Make \`lookup\_order\` a precondition of any promise.


    **Next steps**

    - Move the lookup rule to the top of the prompt<br>Say that no amount may be named before the lookup.

    </details>

    <details><summary>1 note</summary>

    - the platform gives a success rate of 66.7%: it counts the run that never connected

    </details>

    <details><summary>All 3 scenarios</summary>

    | Scenario | Id | Passed | Failed | Errored | Unscored | Rate |
    |---|---|---:|---:|---:|---:|---:|
    | Refund for a late order | 101 | 1 | 2 | 0 | 0 | 33.3% |
    | Change of address | 102 | 2 | 0 | 1 | 0 | 100% |
    | Angry caller asks for a human | 103 | 3 | 0 | 0 | 0 | 100% |

    </details>

    <details><summary>Longest conversations</summary>

    | Run | Scenario | Length | Outcome |
    |---|---|---:|---|
    | 9009 | Angry caller asks for a human · Impatient caller · \#◌3 | 1m11s | passed |
    | 9008 | Angry caller asks for a human · Impatient caller · \#◌2 | 1m10s | passed |
    | 9007 | Angry caller asks for a human · Impatient caller · \#◌1 | 1m9s | passed |
    | 9005 | Change of address · Impatient caller · \#◌2 | 1m7s | passed |
    | 9004 | Change of address · Impatient caller · \#◌1 | 1m6s | passed |
    | 9003 | Refund for a late order · Impatient caller · \#◌3 | 1m5s | passed |
    | 9002 | Refund for a late order · Impatient caller · \#◌2 | 1m4s | **failed** |
    | 9001 | Refund for a late order · Impatient caller · \#◌1 | 1m3s | **failed** |

    </details>

    <details><summary>How to run it again</summary>

    ```sh
    cekura-gate run cekura-gate.yml    # the same calls again
    cekura-gate run cekura-gate.yml --failed-from result.json    # only what did not pass, again
    cekura-gate judge result.json --suite other.yml    # no new calls
    cekura-gate compare base/result.json result.json
    ```

    </details>

    <details><summary>About this gate</summary>

    | | |
    |---|---|
    | Exit code | 1: a gating check failed |
    | Result | 4711 (completed) |
    | Agent | Northwind support (123) |
    | Suite file | cekura-gate.yml |
    | Planned | 9 runs, 3 a scenario |
    | Started | 2026-11-20T14:03:05.123Z |
    | Took | 4m12s |
    | Conversations | 8, 8m51s in all; half of them up to 1m7s, the longest 1m11s |
    | Requests | 31 requests, 1 of them retries after 500ms of waiting |
    | cekura-gate | 0.1.0 |

    </details>
    ");
}

#[test]
fn the_comment_says_what_failed_and_what_changed() {
    let origin = Origin {
        commit: Some("0123456789abcdef"),
        run: Some("https://github.com/a/b/actions/runs/7"),
    };
    assert_snapshot!(comment(&sample::report(), origin), @r"
    <!-- cekura-gate: Checkout%20regression -->
    ## ❌ Failed: success\_rate is 75%, wanted &gt;= 90%; errors is inconclusive

    **Checkout regression** · voice · 9 runs: 6 passed, 2 failed, 1 errored · 4m12s · [result 4711](https://dashboard.cekura.ai/1376/results/4711)

    <details><summary>Checks: 1 failed, 1 inconclusive, 1 warning, 1 passed</summary>

    | | Check | Wanted | Seen | Runs | Why |
    |---|---|---|---|---|---|
    | ❌ failed | success\_rate | &gt;= 90% | 75%<br>`█████▓▓▓▓▒▒│░`<br>40.9% to 92.9% (95% sure) | 8 (+1 unknown) | 75% of 8 judged runs passed, wanted at least 90%: 2 runs failed |
    | ❔ inconclusive | errors | &lt;= 10% | 11.1%<br>`█│░░░░░░░░░░░` | 8 (+1 unknown) | 11.1% of 9 runs errored, wanted at most 10%; 1 more run would decide it |
    | ⚠️ warning | success\_rate in Refund for a late order | &gt;= 60% | 33.3%<br>`████░░░│░░░░░` | 3 | 33.3% of 3 judged runs passed, wanted at least 60% |
    | ✅ passed | Latency | p95 &lt;= 2500ms | 2310ms<br>`█████████░│░░` | 8 (+1 unknown) |  |

    </details>

    <details><summary>1 of 3 scenarios with failed runs</summary>

    #### Refund for a late order: 2 of 3 runs failed

    - The agent promised a refund without looking the order up (2 runs)

    </details>

    <details><summary>1 run without a verdict</summary>

    - 1 run errored · cause: telephony

    </details>

    <details><summary>1 note</summary>

    - the platform gives a success rate of 66.7%: it counts the run that never connected

    </details>

    Only what did not pass, again: `cekura-gate run cekura-gate.yml --failed-from result.json`

    commit 0123456789 · [the job](https://github.com/a/b/actions/runs/7) · cekura-gate 0.1.0
    ");
}
