extension Catalogue {
    /// What is known about an operation, for people.
    ///
    /// - Parameter name: `ssm.GetParameter`, `ssm:GetParameter`, or a service such as `ssm`; nil where nothing fits.
    public func describe(_ name: String) -> String? {
        let dotted = name.replacing(":", with: ".")
        if let operation = operation(named: dotted) { return describe(operation) }
        if let service = service(id: name) ?? services(signingName: name).first { return describe(service) }
        guard let action = action(named: name) else { return nil }
        let using = services.flatMap { service in
            service.operations.filter { $0.actions.contains(action) }.map(\.qualifiedName)
        }
        return lines([("action", text(of: action)), ("needed by", using.joined(separator: ", "))])
    }

    private func describe(_ service: Service) -> String {
        lines([
            ("service", service.id),
            ("signing name", service.signingName),
            ("IAM prefix", service.iamPrefix),
            ("protocols", service.protocols.protocols.map(\.rawValue).joined(separator: ", ")),
            ("target prefix", service.targetPrefix),
            ("API versions", service.apiVersions.joined(separator: ", ")),
            ("operations", String(service.operations.count)),
            ("endpoint", service.operations.first.flatMap(endpoint) ?? ""),
        ])
    }

    private func describe(_ operation: Operation) -> String {
        let input = operation.input
        let members = input?.members.map { member in
            let marks = [
                member.isRequired ? "required" : nil, member.isIdempotencyToken ? "idempotency token" : nil,
                member.isSensitive ? "sensitive" : nil, member.location == .body ? nil : "\(member.location)",
            ]
            let notes = marks.compactMap { $0 }.joined(separator: ", ")
            return "\(member.name): \(member.shape.kind)" + (notes.isEmpty ? "" : " (\(notes))")
        }
        return lines(
            [
                ("operation", operation.qualifiedName),
                ("request", "\(operation.method) \(operation.pathTemplate)"),
                ("host prefix", operation.hostPrefix),
                ("endpoint", endpoint(operation) ?? ""),
                ("traits", operation.traits.names.joined(separator: ", ")),
            ] + operation.actions.map { ("action", text(of: $0)) }
                + operation.resourceRange.map { ("resource", ResourceRow(index: $0).description) }
                + (members ?? []).map { ("input", $0) }
        )
    }

    private func text(of action: IAMAction) -> String {
        let risks = action.risks.names.joined(separator: ", ")
        return "\(action.name) (\(action.accessLevel)\(risks.isEmpty ? "" : "; " + risks))"
            + (action.isDocumented ? "" : ", not in AWS's reference")
    }

    private func endpoint(_ operation: Operation) -> String? {
        guard let region = region(named: "us-east-1") else { return nil }
        return EndpointRow.find(for: operation, region: region, variant: []).map { row in
            "\(row.host(in: region))\(row.basePath) (us-east-1, signed for \(row.signingRegion(in: region)))"
        }
    }

    private func lines(_ rows: [(label: String, text: String)]) -> String {
        rows.filter { !$0.text.isEmpty }
            .map { $0.label + String(repeating: " ", count: max(1, 15 - $0.label.count)) + $0.text }
            .joined(separator: "\n")
    }
}

extension Operation.Traits {
    /// The traits as words.
    var names: [String] {
        let all: [(Self, String)] = [
            (.anonymous, "anonymous"), (.unsignedBody, "unsigned body"), (.bearer, "bearer token"),
            (.streamingInput, "streaming input"), (.streamingOutput, "streaming output"),
            (.eventStreamInput, "event stream input"), (.eventStreamOutput, "event stream output"),
            (.readOnly, "read-only"), (.endpointDiscovery, "endpoint discovery"), (.prefersSigV4A, "prefers SigV4A"),
        ]
        return all.filter { contains($0.0) }.map(\.1)
    }
}

extension ResourceRow: CustomStringConvertible {
    /// The pattern and the members that fill it.
    var description: String {
        let filling = paths.isEmpty ? "" : " from " + paths.joined(separator: ", ")
        return isUnknown ? "\(template.string), not in the request" : template.string + filling
    }
}
