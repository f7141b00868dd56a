extension IntentRecord {
    func encoded() -> EncodedRecord {
        var encoder = CanonicalEncoder(.intent, id: id, time: time)
        encoder.call(call)
        encoder.decision(decision, upstreamHost: upstreamHost, call: call)
        encoder.nulls(15)
        return encoder.finish()
    }
}

extension OutcomeRecord {
    func encoded() -> EncodedRecord {
        var encoder = CanonicalEncoder(.outcome, id: id, time: time)
        encoder.nulls(29)
        encoder.int4(status)
        encoder.text(errorCode)
        encoder.text(awsRequestID)
        encoder.int8(bytesIn)
        encoder.int8(bytesOut)
        encoder.digest(responseSHA256)
        encoder.int4(findings.reduce(0) { $0 &+ $1.count })
        encoder.json(numbers: findings.lazy.map { ($0.type, Int64($0.count)) })
        encoder.json(numbers: timings.lazy.map { ($0.stage, $0.microseconds) })
        encoder.bool(isCompleted)
        encoder.bool(isTruncated)
        encoder.null()
        encoder.text(message)
        encoder.nulls(2)
        return encoder.finish()
    }
}

extension EventRecord {
    func encoded() -> EncodedRecord {
        var encoder = CanonicalEncoder(.event, id: id, time: time)
        if let call { encoder.call(call) } else { encoder.nulls(21) }
        if let decision {
            encoder.decision(decision, upstreamHost: nil, call: call)
        } else {
            encoder.nulls(6)
            encoder.bool(call?.isPresigned)
            encoder.null()
        }
        encoder.int4(status)
        encoder.text(errorCode)
        encoder.nulls(9)
        encoder.text(event.rawValue)
        encoder.text(message)
        var json = JSONObject()
        for (key, value) in detail { json.append(key, value) }
        encoder.json(json.isEmpty ? nil : json.finish())
        encoder.int4(repeated)
        return encoder.finish()
    }
}

extension CanonicalEncoder {
    /// The 21 columns from request_id to body_sha256.
    fileprivate mutating func call(_ call: AuditedCall) {
        uuid(call.requestID)
        text(call.issuer)
        text(call.subject)
        texts(call.groups)
        text(call.role)
        text(call.sessionID)
        text(call.sessionName)
        text(call.queryID)
        text(call.app)
        text(call.traceparent)
        text(call.sourceIP)
        text(call.userAgent)
        text(call.operation)
        texts(call.actions)
        text(call.accessLevel)
        texts(call.risks)
        texts(call.resources)
        text(call.region)
        text(call.account)
        json(call.parameters)
        digest(call.bodySHA256)
    }

    /// The 8 columns from decision to mask_profile.
    fileprivate mutating func decision(_ decision: AuditedDecision, upstreamHost: String?, call: AuditedCall?) {
        text(decision.verdict.rawValue)
        text(decision.statement)
        digest(decision.policyHash)
        text(decision.explanation)
        uuid(decision.approvalID)
        text(upstreamHost)
        bool(call?.isPresigned)
        text(decision.maskProfile)
    }
}
