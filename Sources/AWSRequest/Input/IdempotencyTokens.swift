extension Catalogue {
    /// The paths of members that SDKs fill with a fresh UUID for each call: left out of an approval's fingerprint.
    public func idempotencyTokenMembers(_ call: RecognisedCall) -> [String] {
        call.operation.input?.members.filter(\.isIdempotencyToken).map(\.name) ?? []
    }
}

extension ParsedInput {
    /// The input without these top-level members, as JSON that is the same for the same values in the same order.
    public func canonicalText(without members: [String]) -> String {
        ParsedInput(.object(root.fields.filter { !members.contains($0.name) }), shape).jsonText(hidingSensitive: false)
    }
}
