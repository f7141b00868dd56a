import Foundation
import HTTPTypes
import Testing

@testable import AWSRequest

/// What botocore sends for an operation, and what must be found in it (`scripts/check-recognition`).
struct CorpusCase {
    let operation: String
    let request: HTTPRequest
    let entrance: Entrance
    let body: [UInt8]
    let scalars: [(path: String, text: String)]
    /// Host, target, scope region and scope service of the same call sent to AWS directly.
    let direct: [String]

    init?(_ line: Substring) {
        guard let value = try? JSONReader.read(Array(line.utf8)), let operation = value["o"]?.text,
            let method = value["m"]?.text, let target = value["t"]?.text, case .list(let fields)? = value["h"],
            case .list(let scalars)? = value["i"]
        else { return nil }
        let headers: [(String, String)] = fields.compactMap {
            guard case .list(let pair) = $0, pair.count == 2, let name = pair[0].text, let text = pair[1].text else {
                return nil
            }
            return (name, text)
        }
        self.operation = operation
        request = AWSRequestTests.request(method, target, headers)
        entrance =
            if let region = value["r"]?.text, let service = value["s"]?.text {
                .signed(region: region, service: service)
            } else {
                .unsigned(region: "eu-west-1")
            }
        body = (value["b"]?.text ?? "").unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
        direct = if case .list(let parts)? = value["d"] { parts.compactMap(\.text) } else { [] }
        self.scalars = scalars.compactMap {
            guard case .list(let pair) = $0, pair.count == 2, let path = pair[0].text, let text = pair[1].text else {
                return nil
            }
            return (path, text)
        }
    }
}

/// Operations that are refused by name; docs/catalogue.md gives the reasons.
private func isException(_ operation: String) -> Bool {
    operation.hasPrefix("sdb.")
        || [
            "s3.CreateSession", "s3control.CreateBucket", "s3control.ListRegionalBuckets",
        ].contains(operation)
}

/// How a corpus went.
struct CorpusResult {
    var total = 0
    var unique = 0
    var preferred = 0
    var amongCandidates: [String] = []
    var wrong: [String] = []
    var exceptions = 0
    var refused: [String] = []
    var unread: [String] = []
    var elsewhere: [String] = []

    mutating func take(_ test: CorpusCase) {
        total += 1
        do {
            let call = try recognise(test.request, test.entrance, body: test.body)
            if call.qualifiedName == test.operation {
                if call.candidates.count == 1 { unique += 1 } else { preferred += 1 }
            } else if call.candidates.contains(where: { $0.qualifiedName == test.operation }) {
                amongCandidates.append("\(test.operation) as \(call.qualifiedName)")
                for reading in call.readings where reading.qualifiedName == test.operation { try read(test, reading) }
                return
            } else {
                wrong.append("\(test.operation) as \(call.qualifiedName)")
                return
            }
            try read(test, call)
        } catch let error as RecognitionError {
            if isException(test.operation) { exceptions += 1 } else { refused.append("\(test.operation): \(error)") }
        } catch {
            unread.append("\(test.operation): \(error)")
        }
    }

    private mutating func read(_ test: CorpusCase, _ call: RecognisedCall) throws {
        let input = try Catalogue.embedded().parse(call, test.request, body: test.body)
        for (path, text) in test.scalars where !input.texts(at: path).contains(text) {
            return unread.append("\(test.operation): \(path) is \(input.texts(at: path)), not \(text)")
        }
        if ProcessInfo.processInfo.environment["POSTERN_CORPUS_CLASSES"] != nil {
            let classes = try Catalogue.embedded().classify(call, input, account: "111122223333")
            print("class:", test.operation, lines(classes).joined(separator: "; "))
        }
        guard test.direct.count > 1 else { return }
        do {
            let target = try Catalogue.embedded().endpoint(for: call, input: input)
            var found = [target.host, target.target]
            if test.direct.count == 4 { found += [target.signingRegion, target.signingName] }
            if found != test.direct { elsewhere.append("\(test.operation): \(found), directly \(test.direct)") }
        } catch EndpointError.customerEndpoint {
            exceptions += 1
        }
    }
}

@Suite("Corpus")
struct CorpusTests {
    /// The committed sample, or the file of all operations that `scripts/check-recognition` makes.
    private static func lines() throws -> String {
        if let path = ProcessInfo.processInfo.environment["POSTERN_CORPUS"] {
            return try String(contentsOfFile: path, encoding: .utf8)
        }
        let url = try #require(
            Bundle.module.url(forResource: "recognition", withExtension: "jsonl", subdirectory: "Vectors")
        )
        return try String(contentsOf: url, encoding: .utf8)
    }

    @Test("Every operation is recognised, and its input read, as botocore sent it")
    func corpus() throws {
        var result = CorpusResult()
        let clock = ContinuousClock()
        let time = try clock.measure {
            for line in try Self.lines().split(separator: "\n") {
                let test = try #require(CorpusCase(line))
                result.take(test)
            }
        }
        print(
            "corpus: \(result.total) requests, \(result.unique) unique, \(result.preferred) preferred among several,",
            "\(result.amongCandidates.count) among candidates, \(result.wrong.count) wrong,",
            "\(result.exceptions) documented exceptions, \(result.refused.count) refused, \(result.unread.count) not read as sent,",
            "\(result.elsewhere.count) to another endpoint; \(time)"
        )
        for text in result.wrong + result.refused + result.unread + result.elsewhere { print("corpus:", text) }
        if ProcessInfo.processInfo.environment["POSTERN_CORPUS_ALL"] != nil {
            for text in result.amongCandidates { print("corpus: candidate", text) }
        }
        #expect(result.total > 0)
        #expect(result.wrong.isEmpty)
        #expect(result.refused.isEmpty)
        #expect(result.unread.isEmpty)
        #expect(result.elsewhere.isEmpty)
    }
}
