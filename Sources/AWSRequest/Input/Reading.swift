public import HTTPTypes

/// One of the operations that a request could mean, with the input that it has as that operation.
public struct Reading: Sendable {
    /// The call as this operation alone.
    public let call: RecognisedCall
    /// Its input.
    public let input: ParsedInput

    /// Takes both.
    public init(_ call: RecognisedCall, _ input: ParsedInput) {
        self.call = call
        self.input = input
    }
}

extension Catalogue {
    /// The other operations that a request could mean, beside the one whose endpoint is used; mostly none.
    ///
    /// Twins differ in what they call their members, so that each is parsed for itself; one that cannot read the request
    /// makes the whole call unreadable. Parameters as in `parse`.
    public func otherReadings(
        of call: RecognisedCall,
        _ request: HTTPRequest,
        body: [UInt8]
    ) throws(InputError) -> [Reading] {
        guard call.candidates.count > 1 else { return [] }
        var readings: [Reading] = []
        for other in call.readings.dropFirst() {
            readings.append(Reading(other, try parse(other, request, body: body)))
        }
        return readings
    }
}
