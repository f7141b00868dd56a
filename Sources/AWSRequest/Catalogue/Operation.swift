/// One operation of a service.
public struct Operation: Sendable, Hashable {
    let index: Int

    /// The name in the model, such as `GetParameter`.
    public var name: String { nameText.string }
    /// The service that has the operation.
    public var service: Service { Service(index: field(15)) }
    /// `service.Operation`, such as `ssm.GetParameter`.
    public var qualifiedName: String { service.id + "." + name }
    /// The path template, such as `/2015-03-31/functions/{FunctionName}`.
    public var pathTemplate: String { pathText.string }
    /// The host prefix template, such as `{AccountId}.`; empty where there is none.
    public var hostPrefix: String { hostPrefixText.string }
    /// Properties that the model states.
    public var traits: Traits { Traits(rawValue: UInt16(truncatingIfNeeded: field(1) >> 8)) }
    /// The input structure, nil where the operation takes nothing.
    public var input: Shape? { field(10) > 0 ? Shape(index: field(10) &- 1) : nil }
    /// The IAM actions that the operation always needs, the main one first.
    public var actions: [IAMAction] { actionList.map { IAMAction(index: $0) } }
    /// The HTTP method in the model.
    public var method: String { methodCode.name }

    /// Whether the operation changes anything, as far as access levels tell.
    public var isMutating: Bool {
        if traits.contains(.readOnly) { return false }
        return actionList.isEmpty || actionList.contains { IAMAction(index: $0).accessLevel.isMutating }
    }

    var nameText: CatalogueText { text(0) }
    var methodCode: MethodCode { MethodCode(rawValue: UInt8(truncatingIfNeeded: field(1))) ?? .other }
    var pathText: CatalogueText { text(2) }
    /// Query pairs that every request of the operation carries: key, value, key, value, ...
    var constantQuery: PooledList { list(3) }
    var requiredQuery: PooledList { list(5) }
    var requiredHeaders: PooledList { list(7) }
    var hostPrefixText: CatalogueText { text(9) }
    var actionList: PooledList { list(11) }
    /// Records of the resources section: what the operation acts on.
    var resourceRange: Range<Int> { field(13)..<(field(13) &+ field(14)) }
    /// Records of the endpoints section.
    var endpointRange: Range<Int> { field(16)..<(field(16) &+ field(17)) }
    /// Paths of members that hold the ARN of a role which is passed to the service.
    var passedRoles: PooledList { list(18) }

    private func field(_ number: Int) -> Int {
        let layout = CatalogueLayout.current
        return layout.field(number, of: index, in: layout.operations, width: 22)
    }

    private func text(_ number: Int) -> CatalogueText { CatalogueLayout.current.text(field(number)) }

    private func list(_ number: Int) -> PooledList {
        PooledList(start: field(number), endIndex: field(number &+ 1))
    }

    /// What the model states about an operation beside its shapes.
    public struct Traits: OptionSet, Sendable {
        /// The bits, as the generator writes them.
        public let rawValue: UInt16

        /// A set with these bits.
        public init(rawValue: UInt16) { self.rawValue = rawValue }

        /// Sent without a signature.
        public static let anonymous = Traits(rawValue: 1)
        /// The body is not covered by the signature.
        public static let unsignedBody = Traits(rawValue: 2)
        /// Takes a bearer token instead of a signature.
        public static let bearer = Traits(rawValue: 4)
        /// The body is one blob that may be streamed.
        public static let streamingInput = Traits(rawValue: 8)
        /// The answer is one blob that may be streamed.
        public static let streamingOutput = Traits(rawValue: 16)
        /// The body is an event stream: needs HTTP/2 and signed frames.
        public static let eventStreamInput = Traits(rawValue: 32)
        /// The answer is an event stream.
        public static let eventStreamOutput = Traits(rawValue: 64)
        /// The model says that nothing is changed.
        public static let readOnly = Traits(rawValue: 128)
        /// The SDK asks DescribeEndpoints first and goes to the host that it names.
        public static let endpointDiscovery = Traits(rawValue: 256)
        /// SigV4A is the first choice of SDKs that have it.
        public static let prefersSigV4A = Traits(rawValue: 512)
        /// Goes to the regional control endpoint when the bucket is a directory bucket.
        public static let expressControl = Traits(rawValue: 1024)
    }
}

/// HTTP methods as the catalogue numbers them.
enum MethodCode: UInt8 {
    case get = 1, head, post, put, delete, patch, options, other

    /// The code of an HTTP method, which is case-sensitive.
    init(_ method: String) {
        switch method {
        case "GET": self = .get
        case "HEAD": self = .head
        case "POST": self = .post
        case "PUT": self = .put
        case "DELETE": self = .delete
        case "PATCH": self = .patch
        case "OPTIONS": self = .options
        default: self = .other
        }
    }

    var name: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .patch: "PATCH"
        case .options: "OPTIONS"
        case .other: ""
        }
    }
}
