"""An agent for mode api_chat: JSON lines on standard input and output."""

import json
import sys


def send(**line):
    print(json.dumps(line), flush=True)


for text in sys.stdin:
    line = json.loads(text)
    if line["type"] == "start" and line["speaks_first"] == "agent":
        send(type="message", content="Welcome to Harbour & Pine. How can I help?")
    elif line["type"] == "message":
        send(type="tool_call", id="1", name="look_up_order", arguments={"text": line["content"]})
        send(type="tool_result", id="1", result={"status": "shipped"})
        send(type="message", content="Your order has been shipped. Anything else?")
    elif line["type"] == "end":
        break
