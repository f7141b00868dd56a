/// The parameters of one request in the order in which nginx sent them, as raw bytes, duplicates included.
///
/// A client's header `X-Name` is the parameter `HTTP_X_NAME`; nginx before 1.23 sends a repeated header as repeated
/// parameters, later ones as one value joined by a comma.
public struct ParameterList: Sendable {
    /// One `NAME=value` pair; neither half is validated here.
    ///
    /// All pairs of a request share their bytes.
    public struct Parameter: Sendable, Equatable {
        /// The bytes before the first `=`.
        public let name: ArraySlice<UInt8>
        /// The bytes after it.
        public let value: ArraySlice<UInt8>

        /// Takes both halves.
        public init(name: ArraySlice<UInt8>, value: ArraySlice<UInt8>) {
            self.name = name
            self.value = value
        }
    }

    /// All pairs, in wire order.
    public let all: [Parameter]

    /// Takes pairs as they are, for tests and for handlers that are pure functions.
    public init(_ all: [Parameter]) {
        self.all = all
    }

    /// Takes text pairs, for tests.
    public init(_ pairs: KeyValuePairs<String, String>) {
        all = pairs.map { Parameter(name: Array($0.key.utf8)[...], value: Array($0.value.utf8)[...]) }
    }

    /// The value of a parameter that nginx sets exactly once; nil when it is absent or repeated.
    ///
    /// A repeated one is never trusted: nginx sends both of a pair that is configured twice.
    public func single(_ name: StaticString) -> [UInt8]? {
        only(name).map { Array($0) }
    }

    /// The same as text; nil also where it is not UTF-8.
    public func text(_ name: StaticString) -> String? {
        only(name).flatMap { String(validating: $0, as: UTF8.self) }
    }

    private func only(_ name: StaticString) -> ArraySlice<UInt8>? {
        var found: ArraySlice<UInt8>?
        for parameter in all where parameter.isNamed(name) {
            guard found == nil else { return nil }
            found = parameter.value
        }
        return found
    }
}

extension ParameterList.Parameter {
    /// Whether the name equals `other`, byte for byte.
    func isNamed(_ other: StaticString) -> Bool {
        guard other.utf8CodeUnitCount == name.count else { return false }
        return other.withUTF8Buffer { unsafe $0.elementsEqual(name) }
    }
}
