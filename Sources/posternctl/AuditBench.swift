import ArgumentParser
import Audit
import Dispatch
import Glibc
import OpenSSL
import Postgres
import Synchronization

/// `posternctl audit bench`: how many records a second one writer stores, and how long a call waits.
struct AuditBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure the audit writer; leaves its records behind.",
        shouldDisplay: false
    )

    @OptionGroup var options: DatabaseOptions

    @Option(help: "Threads that make calls.")
    var threads = 64

    @Option(help: "Seconds.")
    var seconds = 5

    func run() throws {
        var settings = AuditWriter.Settings(
            database: try options.connectionString(),
            user: "postern_worker",
            instance: "bench"
        )
        settings.checkpointKey = try? Ed25519.PrivateKey.generate()
        let writer = AuditWriter(settings)
        _ = try writer.append(intent: Self.intent())
        let results = Mutex<(waits: [Int64], failures: Int)>(([], 0))
        let group = DispatchGroup()
        let start = ContinuousClock.now
        let end = start + .seconds(seconds)
        let before = Self.cpuSeconds
        for _ in 0..<threads {
            group.enter()
            let isStarted = DatabaseThread.start {
                var waits: [Int64] = []
                var failures = 0
                while ContinuousClock.now < end {
                    let intent = Self.intent()
                    let began = ContinuousClock.now
                    do throws(AuditError) {
                        _ = try writer.append(intent: intent)
                        waits.append((ContinuousClock.now - began).components.attoseconds / 1_000_000_000_000)
                        writer.append(outcome: Self.outcome(of: intent.id))
                    } catch {
                        failures += 1
                    }
                }
                results.withLock { results in
                    results.waits += waits
                    results.failures += failures
                }
                group.leave()
            }
            guard isStarted else { throw Failure("no more threads") }
        }
        group.wait()
        writer.close()
        let elapsed = Double((ContinuousClock.now - start) / .milliseconds(1)) / 1000
        let cpu = Self.cpuSeconds - before
        let (waits, failures) = results.withLock { ($0.waits.sorted(), $0.failures) }
        guard let last = waits.last else { throw Failure("nothing was stored") }
        let records = Double(waits.count * 2)
        print("records/s        \(Int(records / elapsed))")
        print("calls            \(waits.count), \(failures) refused")
        print("wait p50         \(waits[waits.count / 2]) us")
        print("wait p99         \(waits[waits.count * 99 / 100]) us")
        print("wait max         \(last) us")
        print("own CPU/record   \(Int(cpu * 1_000_000 / records)) us")
    }

    private static var cpuSeconds: Double {
        var usage = rusage()
        unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
            + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1_000_000
    }

    private static func intent() -> IntentRecord {
        let time = AuditTime.now()
        let id = RecordID.make(at: time)
        var call = AuditedCall()
        call.requestID = id
        call.issuer = "https://idp.example.com"
        call.subject = "agent-\(UInt8.random(in: 0...99))"
        call.groups = ["agents"]
        call.role = "arn:aws:iam::111122223333:role/agent"
        call.sessionID = "AQIDBAUGBwgJCgsMDQ4PEA"
        call.sessionName = "query-8f3a"
        call.queryID = "query-\(UInt16.random(in: 0...999))"
        call.app = "codex"
        call.sourceIP = "192.0.2.7"
        call.userAgent = "aws-cli/2.15.0 md/awscrt#0.19.19 ua/2.0 os/linux#6.1 md/arch#x86_64 lang/python#3.11"
        call.operation = "dynamodb.GetItem"
        call.actions = ["dynamodb:GetItem"]
        call.accessLevel = "Read"
        call.resources = ["arn:aws:dynamodb:us-east-1:111122223333:table/orders"]
        call.region = "us-east-1"
        call.account = "111122223333"
        call.parameters = Array(#"{"TableName":"orders","Key":{"id":{"S":"4711"}},"ConsistentRead":true}"#.utf8)
        call.bodySHA256 = SHA256.ofNothing
        let decision = AuditedDecision(
            .allow,
            statement: "ReadsAreAllowed default.yaml:12",
            policyHash: SHA256.ofNothing,
            explanation: "allowed by ReadsAreAllowed",
            maskProfile: "default"
        )
        return IntentRecord(
            id: id,
            time: time,
            call: call,
            decision: decision,
            upstreamHost: "dynamodb.us-east-1.amazonaws.com"
        )
    }

    private static func outcome(of id: RecordID) -> OutcomeRecord {
        var outcome = OutcomeRecord(id: id, time: .now())
        outcome.status = 200
        outcome.awsRequestID = "\(RecordID.make())"
        outcome.bytesIn = 74
        outcome.bytesOut = 301
        outcome.responseSHA256 = SHA256.ofNothing
        outcome.timings = [("decide", 12), ("record", 480), ("upstream", 4321), ("mask", 15)]
        outcome.isCompleted = true
        return outcome
    }
}
