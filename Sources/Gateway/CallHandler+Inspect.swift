import AWSRequest
import Audit
import HTTPTypes
import Masking
import OpenSSL
import Policy

extension CallHandler {
    /// Looks for secrets in a call, where the masking profile says so: it may be refused, or a person be asked.
    ///
    /// What is found is counted in `carried`, for the outcome's record.
    func inspect(
        _ decision: Decision,
        _ understood: inout UnderstoodCall,
        _ input: ParsedInput,
        body: IncomingBody
    ) throws(Rejection) -> Decision {
        let name = decision.mask ?? "default"
        guard !decision.outcome.isDenied, let engine = gateway.parts.masking[name], engine.profile.requests != .pass,
            !SecretHomes.contains(understood.call, input)
        else { return decision }
        carried = try looked { () throws(MaskingError) in try findings(in: input, of: understood.call, engine) }
        if understood.call.bodyNeed == .streaming { try inspectPayload(&understood, body: body, engine) }
        let secrets = carried.filter { $0.key != "unreadable" }
        guard !secrets.isEmpty else { return decision }
        let list = secrets.sorted { $0.key < $1.key }.map { "\($0.key) (\($0.value))" }.joined(separator: ", ")
        guard engine.profile.requests == .ask else {
            throw refusal("it carries secrets, by type \(list). Leave them out, or refer to them by name")
        }
        let asking = decision.asking(because: "the call carries secrets, by type \(list)")
        decided?.verdict = .requireApproval
        decided?.explanation = maskedName(asking.summary)
        return asking
    }

    /// What of `carried` the record of an outcome gets beside what was masked in the answer.
    var carriedFindings: [String: Int] {
        Dictionary(uniqueKeysWithValues: carried.map { ("request-\($0.key)", $0.value) })
    }

    private func refusal(_ reason: String) -> Rejection {
        decided?.verdict = .deny
        decided?.explanation = reason
        return Rejection(.denied, status: 403, code: "AccessDenied", "The call was not made: \(reason).")
    }

    /// What an engine finds; what it cannot read is refused.
    private func looked(_ find: () throws(MaskingError) -> [String: Int]) throws(Rejection) -> [String: Int] {
        do throws(MaskingError) {
            return try find()
        } catch {
            carried["unreadable", default: 0] += 1
            let reason = if case .unreadable(let format) = error { format } else { "\(error)" }
            throw refusal("its payload cannot be inspected for secrets (\(reason)), which the masking profile denies")
        }
    }

    private func findings(
        in input: ParsedInput,
        of call: RecognisedCall,
        _ engine: MaskingEngine
    ) throws(MaskingError) -> [String: Int] {
        let excepted = engine.profile.members.filter { !$0.isMasked }.filter { rule in
            rule.operation == call.qualifiedName || rule.operation == "\(call.operation.service.id).*"
        }.map { $0.path.split(separator: "/").map(String.init) }
        let content = input.content(keeping: MaskingEngine.isPairMember) { path in
            excepted.contains { $0.count == path.count && zip($0, path).allSatisfy { $0 == "*" || $0 == $1 } }
        }
        var found = try engine.findings(in: Array(content.json.utf8))
        // A payload that is streamed is looked at as a whole.
        guard call.bodyNeed != .streaming else { return found }
        for blob in content.blobs { found.merge(try engine.findings(inObject: blob), uniquingKeysWith: +) }
        return found
    }

    /// Looks at a payload that would be streamed, up to the limit of bodies that are held whole.
    private func inspectPayload(
        _ understood: inout UnderstoodCall,
        body: IncomingBody,
        _ engine: MaskingEngine
    ) throws(Rejection) {
        let decoded = HTTPField.Name("x-amz-decoded-content-length").flatMap { understood.request.headerFields[$0] }
        if understood.payload.whole == nil, !body.fitsWhole(decoded: decoded.flatMap { Int64($0) }) {
            let found = try looked { () throws(MaskingError) in
                guard engine.profile.unreadable == .pass else {
                    throw .unreadable(reason: "longer than \(IncomingBody.wholeLimit >> 20) MiB")
                }
                return ["unreadable": 1]
            }
            carried.merge(found, uniquingKeysWith: +)
            return
        }
        understood = try whole(understood, body: body, reason: "calls whose payload is inspected")
        let bytes = understood.payload.whole ?? []
        let found = try looked { () throws(MaskingError) in try engine.findings(inObject: bytes) }
        carried.merge(found, uniquingKeysWith: +)
    }
}

/// Calls that are made to hand a secret to AWS.
enum SecretHomes {
    /// Services whose calls are about secrets, and operations whose own members hold credentials.
    private static let services: Set<String> = [
        "secretsmanager", "kms", "sts", "cognito-idp", "acm", "payment-cryptography",
    ]

    static func contains(_ call: RecognisedCall, _ input: ParsedInput) -> Bool {
        if services.contains(call.operation.service.id) { return true }
        // A parameter is one only if it is kept encrypted.
        return call.qualifiedName == "ssm.PutParameter" && input.text(at: "Type") == "SecureString"
    }
}
