"""A client of grpc.testing.TestService by grpcio. It learns the types by reflection, and writes a line of
JSON for every call: what it sent and received, and the status.

    client.py PORT
"""
import json
import sys

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

service = "grpc.testing.TestService"
channel = grpc.insecure_channel("127.0.0.1:" + sys.argv[1])
pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
methods = pool.FindServiceByName(service).methods_by_name


def caller(name, kind):
    method = methods[name]
    return getattr(channel, kind)(
        f"/{service}/{name}",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=GetMessageClass(method.output_type).FromString,
    )


def request(name, text, **fields):
    message = GetMessageClass(methods[name].input_type)(**fields)
    message.payload.body = text.encode()
    return message


def log(name, sent, received, code=0, gzip=False):
    line = {"method": f"/{service}/{name}", "sent": sent, "received": received}
    print(json.dumps({**line, "code": code, "gzip": gzip}), flush=True)


unary = caller("UnaryCall", "unary_unary")
for i in range(10):
    text = f"python {i} " + "y" * (i * 100)
    gzip = i % 3 == 2
    compression = grpc.Compression.Gzip if gzip else None
    answer = unary(
        request("UnaryCall", text, response_size=i * 10),
        metadata=(("tenant", "python"),),
        compression=compression,
    )
    log("UnaryCall", [text], [len(answer.payload.body)], gzip=gzip)

try:
    unary(request("UnaryCall", "bad", response_status={"code": 9, "message": "nö"}))
except grpc.RpcError as error:
    log("UnaryCall", ["bad"], [], error.code().value[0])

texts = [f"part {i}" for i in range(7)]
answer = caller("StreamingInputCall", "stream_unary")(
    iter([request("StreamingInputCall", text) for text in texts])
)
log("StreamingInputCall", texts, [answer.aggregated_payload_size])

sizes = [5, 0, 33_000]
parameters = [{"size": size} for size in sizes]
answers = caller("StreamingOutputCall", "unary_stream")(
    request("StreamingOutputCall", "more", response_parameters=parameters)
)
log("StreamingOutputCall", ["more"], [len(each.payload.body) for each in answers])

talk = [
    request("FullDuplexCall", text, response_parameters=[{"size": 2}]) for text in ("one", "two")
]
answers = caller("FullDuplexCall", "stream_stream")(iter(talk))
log("FullDuplexCall", ["one", "two"], [len(each.payload.body) for each in answers])
