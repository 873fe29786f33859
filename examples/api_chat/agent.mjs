// An agent for mode api_chat: JSON lines on standard input and output.
import { createInterface } from "node:readline";

const send = (line) => process.stdout.write(JSON.stringify(line) + "\n");

for await (const text of createInterface({ input: process.stdin })) {
  const line = JSON.parse(text);
  if (line.type === "start" && line.speaks_first === "agent") {
    send({ type: "message", content: "Welcome to Harbour & Pine. How can I help?" });
  } else if (line.type === "message") {
    send({ type: "message", content: "Your order has been shipped. Anything else?" });
  } else if (line.type === "end") {
    break;
  }
}
