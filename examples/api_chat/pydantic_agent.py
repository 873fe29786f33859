"""A Pydantic AI agent for mode api_chat. Its model is a fake one that costs nothing: put a real one
in its place, for example Agent("openai:gpt-5-mini", ...)."""

import json
import sys

from pydantic_ai import Agent, ModelResponse, TextPart, ToolCallPart, ToolReturnPart, UserPromptPart
from pydantic_ai.models.function import FunctionModel


def fake_model(messages, _info):
    last = messages[-1].parts[-1]
    if isinstance(last, ToolReturnPart):
        return ModelResponse(parts=[TextPart(f"Your order is {last.content}. Anything else?")])
    if isinstance(last, UserPromptPart) and "order" in str(last.content).lower():
        return ModelResponse(parts=[ToolCallPart("look_up_order", {"number": 7})])
    return ModelResponse(parts=[TextPart("I can look up your order. What is it about?")])


agent = Agent(FunctionModel(fake_model), instructions="You help customers of Harbour & Pine.")


@agent.tool_plain
def look_up_order(number: int) -> str:
    return f"number {number}, shipped"


def send(**line):
    print(json.dumps(line), flush=True)


def answer(text, history):
    """The agent's answer, after the tools that it has called."""
    result = agent.run_sync(text, message_history=history)
    for message in result.new_messages():
        for part in message.parts:
            if isinstance(part, ToolCallPart):
                arguments = part.args_as_dict()
                send(type="tool_call", id=part.tool_call_id, name=part.tool_name, arguments=arguments)
            elif isinstance(part, ToolReturnPart):
                send(type="tool_result", id=part.tool_call_id, result=part.content)
    send(type="message", content=result.output)
    return result.all_messages()


history = []
for text in sys.stdin:
    line = json.loads(text)
    if line["type"] == "start" and line["speaks_first"] == "agent":
        send(type="message", content="Welcome to Harbour & Pine. How can I help?")
    elif line["type"] == "message":
        history = answer(line["content"], history)
    elif line["type"] == "end":
        break
