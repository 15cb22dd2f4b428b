"""Drives a Redis server with redis-py and prints, a line each, what it sent and what was answered."""

import json
import sys

import redis

port, protocol = int(sys.argv[1]), int(sys.argv[2])


def shown(value):
    if isinstance(value, bytes):
        return value.decode("utf8", "replace")
    if isinstance(value, (list, tuple)):
        return [shown(each) for each in value]
    if isinstance(value, (set, frozenset)):
        return sorted(shown(each) for each in value)
    if isinstance(value, dict):
        return {shown(name): shown(each) for name, each in value.items()}
    return value


class Noting(redis.Redis):
    def execute_command(self, *words, **options):
        try:
            answer = shown(super().execute_command(*words, **options))
        except redis.ResponseError as error:
            answer = "(error) " + str(error)
        print(json.dumps({"words": [str(shown(word)) for word in words], "answer": answer}))
        return answer


client = Noting(port=port, protocol=protocol, single_connection_client=True)
for number in range(200):
    client.execute_command("SET", f"py:{number}", f"value {number}", "EX", "100")
    client.execute_command("GET", f"py:{number}")
client.execute_command("HSET", "py:hash", "name", "Zoë", "age", "7")
client.execute_command("HGET", "py:hash", "name")
client.execute_command("LPUSH", "py:list", *[str(each) for each in range(1000)])
client.execute_command("LRANGE", "py:list", "0", "-1")
client.execute_command("GET", "py:list")
client.execute_command("SET", "py:large", "x" * 3_000_000)
client.execute_command("STRLEN", "py:large")
client.execute_command("EVAL", "return {KEYS[1], ARGV[1]}", "1", "py:key", "word")

with client.pipeline(transaction=True) as pipe:
    for number in range(5):
        pipe.incr(f"py:counter:{number}")
    print(json.dumps({"words": ["EXEC"], "answer": shown(pipe.execute())}))

publisher = redis.Redis(port=port, protocol=protocol)
subscriber = redis.Redis(port=port, protocol=protocol).pubsub()
subscriber.subscribe("py:news", "py:more")
subscriber.psubscribe("py:n*")
for number in range(20):
    publisher.publish("py:news", f"message {number}")
messages = []
while len(messages) < 40:
    message = subscriber.get_message(timeout=5)
    if message and message["type"] in ("message", "pmessage"):
        messages.append([message["type"], shown(message["channel"]), shown(message["data"])])
subscriber.unsubscribe()
print(json.dumps({"messages": messages}))
