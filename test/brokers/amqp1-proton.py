"""What Qpid Proton does with a broker by AMQP 1.0; ends with the numbers of its messages."""
import json
import sys

from proton import Message
from proton.utils import BlockingConnection

port, host, queue, messages = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
connection = BlockingConnection(
    "127.0.0.1:%d" % port, user="guest", password="guest", allowed_mechs="PLAIN", virtual_host=host
)
name = connection.container.container_id
sender = connection.create_sender(queue)
receiver = connection.create_receiver(queue)
for i in range(messages):
    sender.send(Message(body="hello %d" % i))
got = 0
for _ in range(messages):
    receiver.receive(timeout=20)
    receiver.accept()
    got += 1
connection.close()
print(json.dumps({"container": name, "sent": messages, "got": got}))
