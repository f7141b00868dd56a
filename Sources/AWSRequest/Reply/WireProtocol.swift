/// How a request is written on the wire, and therefore how its errors have to look.
public enum WireProtocol: String, Sendable, Hashable, CaseIterable {
    /// JSON with X-Amz-Target, content type application/x-amz-json-1.0.
    case json10
    /// JSON with X-Amz-Target, content type application/x-amz-json-1.1.
    case json11
    /// REST with JSON bodies.
    case restJSON
    /// REST with XML bodies (s3control, cloudfront, route53).
    case restXML
    /// Form with Action and Version, XML answers.
    case query
    /// As `query`, with EC2's own list syntax and error shape.
    case ec2
    /// Smithy RPC v2: CBOR to /service/X/operation/Y.
    case cbor
    /// Amazon S3: REST with XML, and error bodies of its own.
    case s3

    /// Several protocols.
    public struct Set: OptionSet, Sendable {
        /// The bits, as the generator writes them.
        public let rawValue: UInt8

        /// A set with these bits.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        static let json10 = Set(rawValue: 1)
        static let json11 = Set(rawValue: 2)
        static let restJSON = Set(rawValue: 4)
        static let restXML = Set(rawValue: 8)
        static let query = Set(rawValue: 16)
        static let ec2 = Set(rawValue: 32)
        static let cbor = Set(rawValue: 64)
        static let json: Set = [.json10, .json11]
        static let rest: Set = [.restJSON, .restXML]
        static let form: Set = [.query, .ec2]

        /// The protocols as a list, the most modern first.
        public var protocols: [WireProtocol] {
            let all: [(Set, WireProtocol)] = [
                (.cbor, .cbor), (.json10, .json10), (.json11, .json11), (.restJSON, .restJSON), (.restXML, .restXML),
                (.query, .query), (.ec2, .ec2),
            ]
            return all.filter { contains($0.0) }.map(\.1)
        }
    }
}
