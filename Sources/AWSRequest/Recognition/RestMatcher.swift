/// Finds REST operations by method, path, query and headers.
struct RestMatcher {
    let head: RequestHead
    /// Which of S3's path templates the request fits; nil for other services.
    var s3Level: S3Level?

    /// The three places that an S3 request can be about.
    enum S3Level: String {
        case service = "/"
        case bucket = "/{Bucket}"
        case object = "/{Bucket}/{Key+}"
    }

    /// The best matches of all services, and the query key that kept another operation from matching.
    struct Outcome {
        var operations: [Operation] = []
        var refusedKey: (operation: Operation, key: String)?
    }

    /// All operations of `services` that match best; several when nothing in the head tells them apart.
    func match(_ services: [Service]) -> Outcome {
        var outcome = Outcome()
        for service in services {
            for index in service.restOperations {
                let operation = Operation(index: index)
                guard operation.methodCode == head.method, pathMatches(operation), constantsMatch(operation) else {
                    continue
                }
                if let key = unknownQueryKey(operation) {
                    outcome.refusedKey = outcome.refusedKey ?? (operation, key)
                } else {
                    keepBest(operation, &outcome.operations)
                }
            }
        }
        return outcome
    }

    private func keepBest(_ operation: Operation, _ best: inout [Operation]) {
        guard let leader = best.first else {
            best = [operation]
            return
        }
        let order = Self.compare(operation, leader)
        if order < 0 { best = [operation] }
        if order == 0 { best.append(operation) }
    }

    /// Negative when `left` is more specific: more literal path, then more constants, query keys and headers.
    private static func compare(_ left: Operation, _ right: Operation) -> Int {
        let (paths, others) = (TemplateSegments(left.pathText), TemplateSegments(right.pathText))
        for (one, other) in zip(paths, others) where one.rank != other.rank { return one.rank &- other.rank }
        let counts = [
            others.remaining &- paths.remaining,
            right.constantQuery.count &- left.constantQuery.count,
            right.requiredQuery.count &- left.requiredQuery.count,
            right.requiredHeaders.count &- left.requiredHeaders.count,
        ]
        return counts.first { $0 != 0 } ?? 0
    }

    private func pathMatches(_ operation: Operation) -> Bool {
        if let s3Level { return operation.pathText == s3Level.rawValue }
        let target = head.target
        var position = 0
        var template = TemplateSegments(operation.pathText)
        while let segment = template.next() {
            switch segment.kind {
            case .literal:
                guard position < target.segments.count, target.matches(target.segments[position], segment.text) else {
                    return false
                }
                position &+= 1
            case .label:
                guard position < target.segments.count else { return false }
                position &+= 1
            case .greedy:
                let after = template.remaining
                guard target.segments.count &- position > after else { return false }
                position = target.segments.count &- after
            }
        }
        return position == target.segments.count
    }

    private func constantsMatch(_ operation: Operation) -> Bool {
        let target = head.target
        let constants = operation.constantQuery
        for index in stride(from: 0, to: constants.count, by: 2) {
            let key = CatalogueLayout.current.text(constants[index])
            let value = CatalogueLayout.current.text(constants[index &+ 1])
            guard target.query.contains(where: { target.matches($0.key, key) && target.matches($0.value, value) })
            else {
                return false
            }
        }
        for key in operation.requiredQuery.texts
        where !target.query.contains(where: { target.matches($0.key, key) }) { return false }
        for name in operation.requiredHeaders.texts where !head.hasHeader(name) && !isHoisted(name) { return false }
        return true
    }

    /// A presigned URL may carry headers of S3 in its query; a copy source never.
    private func isHoisted(_ name: CatalogueText) -> Bool {
        guard s3Level != nil, !(name == "x-amz-copy-source"), !(name == "x-amz-rename-source") else { return false }
        return head.target.query.contains { head.target.matches($0.key, name) }
    }

    private func isAmong(_ pairs: ArraySlice<(key: Range<Int>, value: Range<Int>)>, _ key: Range<Int>) -> Bool {
        let decoded = head.target.decoded(key)
        return pairs.contains { head.target.decoded($0.key) == decoded }
    }

    /// The first query key that the operation does not have: the list of keys is closed.
    private func unknownQueryKey(_ operation: Operation) -> String? {
        let target = head.target
        for (index, pair) in target.query.enumerated() {
            let isRepeated = index > 0 && isAmong(target.query[..<index], pair.key)
            if !QueryKey(range: pair.key, target: target).isKnown(
                to: operation,
                isRepeated: isRepeated,
                isS3: s3Level != nil
            ) {
                return target.decodedText(pair.key)
            }
        }
        return nil
    }
}

/// One key of a request's query, against what an operation may have.
private struct QueryKey {
    let range: Range<Int>
    let target: RequestTarget

    func isKnown(to operation: Operation, isRepeated: Bool, isS3: Bool) -> Bool {
        let constants = operation.constantQuery
        for index in stride(from: 0, to: constants.count, by: 2)
        where target.matches(range, CatalogueLayout.current.text(constants[index])) {
            return !isRepeated
        }
        for member in operation.input?.members ?? Shape(index: -1).members where member.location == .query {
            let kind = member.shape.kind
            if kind == .map || target.matches(range, member.wireText) {
                return !isRepeated || kind == .list || kind == .map
            }
        }
        let name = target.decodedText(range)
        if name == "x-id" { return !isRepeated }
        guard name.utf8.count > 6, name.lowercased().hasPrefix("x-amz-") else { return false }
        return !isRepeated && (SignatureQuery.isKnown(name) || isS3 && isHoistedHeader(name, operation))
    }

    private func isHoistedHeader(_ name: String, _ operation: Operation) -> Bool {
        let lower = name.lowercased()
        if lower == "x-amz-copy-source" || lower == "x-amz-rename-source" { return false }
        return lower == "x-amz-user-agent"
            || operation.input?.members.contains {
                switch $0.location {
                case .header: $0.wireText == lower
                case .prefixedHeaders: lower.hasPrefix($0.wireName)
                default: false
                }
            } == true
    }
}

/// Query keys of a presigned URL's signature.
enum SignatureQuery {
    static func isKnown(_ name: String) -> Bool {
        switch name {
        case "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders",
            "X-Amz-Signature", "X-Amz-Security-Token", "X-Amz-Content-Sha256", "X-Amz-Content-SHA256":
            true
        default: false
        }
    }
}

/// The segments of a path template, read in place.
struct TemplateSegments: Sequence, IteratorProtocol {
    /// One segment.
    struct Segment {
        enum Kind { case literal, label, greedy }
        let kind: Kind
        let text: CatalogueText
        var rank: Int { kind == .literal ? 0 : kind == .label ? 1 : 2 }
    }

    private let template: CatalogueText
    private var position = 1

    init(_ template: CatalogueText) { self.template = template }

    mutating func next() -> Segment? {
        guard position < template.count else { return nil }
        let start = position
        while position < template.count, template[position] != UInt8(ascii: "/") { position &+= 1 }
        let count = position &- start
        position &+= 1
        let text = CatalogueText(start: template.start &+ start, count: count)
        guard text[0] == UInt8(ascii: "{") else { return Segment(kind: .literal, text: text) }
        let isGreedy = text[count &- 2] == UInt8(ascii: "+")
        let name = CatalogueText(start: text.start &+ 1, count: count &- (isGreedy ? 3 : 2))
        return Segment(kind: isGreedy ? .greedy : .label, text: name)
    }

    /// How many segments are left.
    var remaining: Int { reduce(0) { count, _ in count &+ 1 } }
}
