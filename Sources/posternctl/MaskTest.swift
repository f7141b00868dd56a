import ArgumentParser
import Configuration
import Foundation
import Masking
import Yams

/// `posternctl mask test`: a table of cases, so that a site can try its own rules.
struct MaskTest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Run a table of cases; fail if one does not come out as it says.",
        discussion: """
            The table is a list in YAML or JSON. A case has a body (or body_base64), and what is expected of it: masks, \
            texts that must be gone; keeps, texts that must stay; finds, types and how often; refused: true. It may have \
            a name, operation (ssm.GetParameter), content_type, content_encoding and object: true for a user's object.
            """
    )

    @Argument(help: "The table.")
    var table: String

    @OptionGroup var options: MaskCommand.ProfileOptions

    func run() throws {
        let engine = try options.engine()
        let cases: [Case]
        do {
            cases = try YAMLDecoder().decode([Case].self, from: try Settings.text(ofFile: table))
        } catch let error as ConfigurationErrors {
            PolicyFiles.printError(error.description)
            throw ExitCode.failure
        } catch {
            PolicyFiles.printError("\(table): no table of cases: \(error)")
            throw ExitCode.failure
        }
        var failures = 0
        for (index, item) in cases.enumerated() {
            let problems = item.problems(engine)
            if !problems.isEmpty { failures += 1 }
            for problem in problems { Terminal.say("\(item.name ?? "case \(index + 1)"): \(Terminal.inert(problem))") }
        }
        Terminal.say("\(cases.count) cases, \(failures) failures")
        if failures > 0 { throw ExitCode.failure }
    }

    /// One case of a table.
    private struct Case: Decodable {
        var name: String?
        var operation: String?
        var contentType: String?
        var contentEncoding: String?
        var object: Bool?
        var body: String?
        var bodyBase64: String?
        var masks: [String]?
        var keeps: [String]?
        var finds: [String: Int]?
        var refused: Bool?

        enum CodingKeys: String, CodingKey {
            case name, operation, object, body, masks, keeps, finds, refused
            case contentType = "content_type"
            case contentEncoding = "content_encoding"
            case bodyBase64 = "body_base64"
        }

        func problems(_ engine: MaskingEngine) -> [String] {
            guard masks != nil || keeps != nil || finds != nil || refused != nil else {
                return ["expects nothing: give masks, keeps, finds or refused"]
            }
            guard let input = body.map({ Data($0.utf8) }) ?? bodyBase64.flatMap({ Data(base64Encoded: $0) }) else {
                return ["has no body, or body_base64 is no base64"]
            }
            let context = MaskingContext(
                operation: operation ?? "",
                contentType: contentType ?? "text/plain",
                contentEncoding: contentEncoding,
                fingerprintKey: Array("posternctl".utf8),
                isOpaqueObject: object ?? false
            )
            var output: [UInt8] = []
            var found: [String: Int] = [:]
            do throws(MaskingError) {
                let masker = try engine.responseMasker(context)
                try masker.write(Array(input).span, to: &output)
                try masker.finish(to: &output)
                found = masker.findings
            } catch {
                return refused == true ? [] : ["refused: \(error)"]
            }
            if refused == true { return ["is not refused"] }
            let text = String(decoding: output, as: UTF8.self)
            var problems = (masks ?? []).filter { text.contains($0) }.map { "not masked: \($0)" }
            problems += (keeps ?? []).filter { !text.contains($0) }.map { "harmed: \($0)" }
            for (type, count) in (finds ?? [:]).sorted(by: { $0.key < $1.key }) where found[type, default: 0] != count {
                problems.append("\(type): \(found[type, default: 0]) found instead of \(count)")
            }
            return problems
        }
    }
}
