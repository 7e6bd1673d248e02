// Ties each of protoc-c's structs to its own two functions. They are named here, one by one, because
// a C descriptor has no address in Swift that would outlive a call.

internal import CMNP

extension Headrace__Mnp__AboutResponse: CMessage {
  static var initialize: (UnsafeMutablePointer<Self>?) -> Void {
    headrace__mnp__about_response__init
  }
  static var unpack:
    (UnsafeMutablePointer<ProtobufCAllocator>?, Int, UnsafePointer<UInt8>?)
      -> UnsafeMutablePointer<Self>?
  { headrace__mnp__about_response__unpack }
}

extension Headrace__Mnp__InitRequest: CMessage {
  static var initialize: (UnsafeMutablePointer<Self>?) -> Void {
    headrace__mnp__init_request__init
  }
  static var unpack:
    (UnsafeMutablePointer<ProtobufCAllocator>?, Int, UnsafePointer<UInt8>?)
      -> UnsafeMutablePointer<Self>?
  { headrace__mnp__init_request__unpack }
}

extension Headrace__Mnp__ConfigureInputPort: CMessage {
  static var initialize: (UnsafeMutablePointer<Self>?) -> Void {
    headrace__mnp__configure_input_port__init
  }
  static var unpack:
    (UnsafeMutablePointer<ProtobufCAllocator>?, Int, UnsafePointer<UInt8>?)
      -> UnsafeMutablePointer<Self>?
  { headrace__mnp__configure_input_port__unpack }
}

extension Headrace__Mnp__ConfigureOutputPort: CMessage {
  static var initialize: (UnsafeMutablePointer<Self>?) -> Void {
    headrace__mnp__configure_output_port__init
  }
  static var unpack:
    (UnsafeMutablePointer<ProtobufCAllocator>?, Int, UnsafePointer<UInt8>?)
      -> UnsafeMutablePointer<Self>?
  { headrace__mnp__configure_output_port__unpack }
}

extension Headrace__Mnp__InitResponse: CMessage {
  static var initialize: (UnsafeMutablePointer<Self>?) -> Void {
    headrace__mnp__init_response__init
  }
  static var unpack:
    (UnsafeMutablePointer<ProtobufCAllocator>?, Int, UnsafePointer<UInt8>?)
      -> UnsafeMutablePointer<Self>?
  { headrace__mnp__init_response__unpack }
}

extension Headrace__Mnp__QuitSessionRequest: CMessage {
  static var initialize: (UnsafeMutablePointer<Self>?) -> Void {
    headrace__mnp__quit_session_request__init
  }
  static var unpack:
    (UnsafeMutablePointer<ProtobufCAllocator>?, Int, UnsafePointer<UInt8>?)
      -> UnsafeMutablePointer<Self>?
  { headrace__mnp__quit_session_request__unpack }
}

extension Headrace__Mnp__PullRequest: CMessage {
  static var initialize: (UnsafeMutablePointer<Self>?) -> Void {
    headrace__mnp__pull_request__init
  }
  static var unpack:
    (UnsafeMutablePointer<ProtobufCAllocator>?, Int, UnsafePointer<UInt8>?)
      -> UnsafeMutablePointer<Self>?
  { headrace__mnp__pull_request__unpack }
}

extension Headrace__Mnp__QueryTaskRequest: CMessage {
  static var initialize: (UnsafeMutablePointer<Self>?) -> Void {
    headrace__mnp__query_task_request__init
  }
  static var unpack:
    (UnsafeMutablePointer<ProtobufCAllocator>?, Int, UnsafePointer<UInt8>?)
      -> UnsafeMutablePointer<Self>?
  { headrace__mnp__query_task_request__unpack }
}

extension Headrace__Mnp__TaskPortStatus: CMessage {
  static var initialize: (UnsafeMutablePointer<Self>?) -> Void {
    headrace__mnp__task_port_status__init
  }
  static var unpack:
    (UnsafeMutablePointer<ProtobufCAllocator>?, Int, UnsafePointer<UInt8>?)
      -> UnsafeMutablePointer<Self>?
  { headrace__mnp__task_port_status__unpack }
}

extension Headrace__Mnp__QueryTaskResponse: CMessage {
  static var initialize: (UnsafeMutablePointer<Self>?) -> Void {
    headrace__mnp__query_task_response__init
  }
  static var unpack:
    (UnsafeMutablePointer<ProtobufCAllocator>?, Int, UnsafePointer<UInt8>?)
      -> UnsafeMutablePointer<Self>?
  { headrace__mnp__query_task_response__unpack }
}

extension Headrace__Google__Protobuf__Any: CMessage {
  static var initialize: (UnsafeMutablePointer<Self>?) -> Void {
    headrace__google__protobuf__any__init
  }
  static var unpack:
    (UnsafeMutablePointer<ProtobufCAllocator>?, Int, UnsafePointer<UInt8>?)
      -> UnsafeMutablePointer<Self>?
  { headrace__google__protobuf__any__unpack }
}

extension Headrace__Google__Protobuf__Empty: CMessage {
  static var initialize: (UnsafeMutablePointer<Self>?) -> Void {
    headrace__google__protobuf__empty__init
  }
  static var unpack:
    (UnsafeMutablePointer<ProtobufCAllocator>?, Int, UnsafePointer<UInt8>?)
      -> UnsafeMutablePointer<Self>?
  { headrace__google__protobuf__empty__unpack }
}

extension Headrace__V1__Configuration: CMessage {
  static var initialize: (UnsafeMutablePointer<Self>?) -> Void {
    headrace__v1__configuration__init
  }
  static var unpack:
    (UnsafeMutablePointer<ProtobufCAllocator>?, Int, UnsafePointer<UInt8>?)
      -> UnsafeMutablePointer<Self>?
  { headrace__v1__configuration__unpack }
}

extension Headrace__V1__Parameter: CMessage {
  static var initialize: (UnsafeMutablePointer<Self>?) -> Void {
    headrace__v1__parameter__init
  }
  static var unpack:
    (UnsafeMutablePointer<ProtobufCAllocator>?, Int, UnsafePointer<UInt8>?)
      -> UnsafeMutablePointer<Self>?
  { headrace__v1__parameter__unpack }
}

extension Headrace__V1__Failure: CMessage {
  static var initialize: (UnsafeMutablePointer<Self>?) -> Void {
    headrace__v1__failure__init
  }
  static var unpack:
    (UnsafeMutablePointer<ProtobufCAllocator>?, Int, UnsafePointer<UInt8>?)
      -> UnsafeMutablePointer<Self>?
  { headrace__v1__failure__unpack }
}

extension Headrace__V1__Checksum: CMessage {
  static var initialize: (UnsafeMutablePointer<Self>?) -> Void {
    headrace__v1__checksum__init
  }
  static var unpack:
    (UnsafeMutablePointer<ProtobufCAllocator>?, Int, UnsafePointer<UInt8>?)
      -> UnsafeMutablePointer<Self>?
  { headrace__v1__checksum__unpack }
}

extension Headrace__Ai__Mantik__Bridge__Protos__MantikInitConfiguration: CMessage {
  static var initialize: (UnsafeMutablePointer<Self>?) -> Void {
    headrace__ai__mantik__bridge__protos__mantik_init_configuration__init
  }
  static var unpack:
    (UnsafeMutablePointer<ProtobufCAllocator>?, Int, UnsafePointer<UInt8>?)
      -> UnsafeMutablePointer<Self>?
  { headrace__ai__mantik__bridge__protos__mantik_init_configuration__unpack }
}

extension Headrace__Ai__Mantik__Bridge__Protos__BridgeAboutResponse: CMessage {
  static var initialize: (UnsafeMutablePointer<Self>?) -> Void {
    headrace__ai__mantik__bridge__protos__bridge_about_response__init
  }
  static var unpack:
    (UnsafeMutablePointer<ProtobufCAllocator>?, Int, UnsafePointer<UInt8>?)
      -> UnsafeMutablePointer<Self>?
  { headrace__ai__mantik__bridge__protos__bridge_about_response__unpack }
}
