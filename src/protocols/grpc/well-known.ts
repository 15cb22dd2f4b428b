/** Messages that any call may carry although no user gives their files, as the text of a `.proto`. */
const wellKnownProto = `
syntax = "proto3";
package google;

message protobuf {
  message Timestamp { int64 seconds = 1; int32 nanos = 2; }
  message Duration { int64 seconds = 1; int32 nanos = 2; }
  message Any { string type_url = 1; bytes value = 2; }
  message Empty {}
  message FieldMask { repeated string paths = 1; }
  message Struct { map<string, Value> fields = 1; }
  message Value {
    oneof kind {
      int32 null_value = 1; double number_value = 2; string string_value = 3; bool bool_value = 4;
      Struct struct_value = 5; ListValue list_value = 6;
    }
  }
  message ListValue { repeated Value values = 1; }
  message DoubleValue { double value = 1; }
  message FloatValue { float value = 1; }
  message Int64Value { int64 value = 1; }
  message UInt64Value { uint64 value = 1; }
  message Int32Value { int32 value = 1; }
  message UInt32Value { uint32 value = 1; }
  message BoolValue { bool value = 1; }
  message StringValue { string value = 1; }
  message BytesValue { bytes value = 1; }
}

message rpc {
  message Status { int32 code = 1; string message = 2; repeated protobuf.Any details = 3; }
  message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }
  message RetryInfo { protobuf.Duration retry_delay = 1; }
  message DebugInfo { repeated string stack_entries = 1; string detail = 2; }
  message QuotaFailure {
    message Violation { string subject = 1; string description = 2; }
    repeated Violation violations = 1;
  }
  message PreconditionFailure {
    message Violation { string type = 1; string subject = 2; string description = 3; }
    repeated Violation violations = 1;
  }
  message BadRequest {
    message FieldViolation { string field = 1; string description = 2; string reason = 3; }
    repeated FieldViolation field_violations = 1;
  }
  message RequestInfo { string request_id = 1; string serving_data = 2; }
  message ResourceInfo {
    string resource_type = 1; string resource_name = 2; string owner = 3; string description = 4;
  }
  message Help {
    message Link { string description = 1; string url = 2; }
    repeated Link links = 1;
  }
  message LocalizedMessage { string locale = 1; string message = 2; }
}
`;

/** grpc.health.v1 and grpc.reflection, which servers have beside their own services. */
const reflection = (version: string) => `
syntax = "proto3";
package grpc.reflection.${version};

message ServerReflectionRequest {
  string host = 1;
  oneof message_request {
    string file_by_filename = 3; string file_containing_symbol = 4;
    ExtensionRequest file_containing_extension = 5; string all_extension_numbers_of_type = 6;
    string list_services = 7;
  }
}
message ExtensionRequest { string containing_type = 1; int32 extension_number = 2; }
message ServerReflectionResponse {
  string valid_host = 1;
  ServerReflectionRequest original_request = 2;
  oneof message_response {
    FileDescriptorResponse file_descriptor_response = 4;
    ExtensionNumberResponse all_extension_numbers_response = 5;
    ListServiceResponse list_services_response = 6; ErrorResponse error_response = 7;
  }
}
message FileDescriptorResponse { repeated bytes file_descriptor_proto = 1; }
message ExtensionNumberResponse { string base_type_name = 1; repeated int32 extension_number = 2; }
message ListServiceResponse { repeated ServiceResponse service = 1; }
message ServiceResponse { string name = 1; }
message ErrorResponse { int32 error_code = 1; string error_message = 2; }
service ServerReflection {
  rpc ServerReflectionInfo(stream ServerReflectionRequest) returns (stream ServerReflectionResponse);
}
`;

const health = `
syntax = "proto3";
package grpc.health.v1;

message HealthCheckRequest { string service = 1; }
message HealthCheckResponse {
  enum ServingStatus { UNKNOWN = 0; SERVING = 1; NOT_SERVING = 2; SERVICE_UNKNOWN = 3; }
  ServingStatus status = 1;
}
service Health {
  rpc Check(HealthCheckRequest) returns (HealthCheckResponse);
  rpc Watch(HealthCheckRequest) returns (stream HealthCheckResponse);
}
`;

export const wellKnownTexts: readonly string[] = [
  wellKnownProto,
  reflection('v1'),
  reflection('v1alpha'),
  health,
];
