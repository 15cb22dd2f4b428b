"""What pika does with a broker; a line of JSON for each exchange that must be seen on the wire."""
import hashlib
import json
import sys

import pika

port, broker, virtual_host = int(sys.argv[1]), sys.argv[2], sys.argv[3]


def note(method, target, answer, body=None):
    seen = {"method": method, "target": target, "answer": answer}
    if body is not None:
        seen["body"] = hashlib.sha256(body).hexdigest()
    print(json.dumps(seen))


connection = pika.BlockingConnection(
    pika.ConnectionParameters("127.0.0.1", port, virtual_host, pika.PlainCredentials("guest", "guest"))
)
note("connection start", "*", "connection start-ok")
note("connection tune", "*", "connection tune-ok")
note("connection open", virtual_host, "connection open-ok")

one = connection.channel()
note("channel open", "channel 1", "channel open-ok")
declared = one.queue_declare("", exclusive=True)
queue = declared.method.queue
note("queue declare", "", "queue declare-ok")
one.exchange_declare("news", "fanout", auto_delete=True)
note("exchange declare", "news", "exchange declare-ok")
one.queue_bind(queue, "news", "")
note("queue bind", "news -> " + queue, "queue bind-ok")
if broker == "RabbitMQ":
    one.exchange_declare("more", "topic", auto_delete=True)
    note("exchange declare", "more", "exchange declare-ok")
    one.exchange_bind("news", "more", "a.*")
    note("exchange bind", "more/a.* -> news", "exchange bind-ok")
    one.exchange_unbind("news", "more", "a.*")
    note("exchange unbind", "more/a.* -> news", "exchange unbind-ok")
    one.exchange_delete("more")
    note("exchange delete", "more", "exchange delete-ok")

# Without confirms: nobody answers.
for i in range(20):
    body = ("number %d" % i).encode()
    one.basic_publish("news", "", body, pika.BasicProperties(content_type="text/plain", delivery_mode=1))
    note("basic publish", "news", "", body)

# Two transactions.
two = connection.channel()
note("channel open", "channel 2", "channel open-ok")
two.tx_select()
note("tx select", "channel 2", "tx select-ok")
two.basic_publish("", queue, b"committed")
note("basic publish", queue, "", b"committed")
two.tx_commit()
note("tx commit", "channel 2", "tx commit-ok")
two.basic_publish("", queue, b"rolled back")
note("basic publish", queue, "", b"rolled back")
two.tx_rollback()
note("tx rollback", "channel 2", "tx rollback-ok")
two.close()
note("channel close", "Normal shutdown", "channel close-ok")

# A consumer that does not acknowledge.
tag = one.basic_consume(queue, lambda *_: None, auto_ack=True, consumer_tag="reader")
note("basic consume", queue, "basic consume-ok")
got = 0
seen = []


def take(channel, method, properties, body):
    seen.append((method.routing_key, body))


one._consumer_infos["reader"].on_message_callback = take
while len(seen) < 21:
    connection.process_data_events(time_limit=0.2)
for key, body in seen:
    source = queue if key == queue else "news -> " + queue
    note("basic deliver", source, "", body)
one.basic_cancel("reader")
note("basic cancel", "reader", "basic cancel-ok")

# Confirms, one at a time.
three = connection.channel()
note("channel open", "channel 2", "channel open-ok")
# Qpid confirms but does not say so, which pika insists on.
confirms = broker == "RabbitMQ"
if confirms:
    three.confirm_delivery()
    note("confirm select", "channel 2", "confirm select-ok")
for i in range(10):
    body = b"c" * (i * 40000)
    three.basic_publish("", queue, body)
    note("basic publish", queue, "basic ack" if confirms else "", body)

# Deliveries acknowledged all at once, after they were given back once.
frames = []
for _ in range(10):
    method, _, body = one.basic_get(queue)
    note("basic get", queue, "basic get-ok", body)
    frames.append(method)
one.basic_nack(frames[4].delivery_tag, multiple=True, requeue=False)
for _ in frames[:5]:
    note("basic get-ok", queue, "basic nack")
one.basic_ack(frames[9].delivery_tag, multiple=True)
for _ in frames[5:]:
    note("basic get-ok", queue, "basic ack")
one.queue_purge(queue)
note("queue purge", queue, "queue purge-ok")
one.queue_delete(queue)
note("queue delete", queue, "queue delete-ok")
connection.close()
note("channel close", "Normal shutdown", "channel close-ok")
note("channel close", "Normal shutdown", "channel close-ok")
note("connection close", "Normal shutdown", "connection close-ok")
