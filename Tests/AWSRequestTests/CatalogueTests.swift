import Testing

@testable import AWSRequest

@Suite("Catalogue")
struct CatalogueTests {
    private let catalogue: Catalogue

    init() throws { catalogue = try Catalogue.embedded() }

    @Test("Knows the services and operations of its sources")
    func counts() {
        #expect(catalogue.services.count >= 429)
        #expect(catalogue.services.reduce(0) { $0 + $1.operations.count } >= 18_993)
        #expect(catalogue.sources[0].hasPrefix("botocore "))
    }

    @Test("Finds every service, operation, region and action by its name")
    func lookUps() {
        for service in catalogue.services {
            #expect(catalogue.service(id: service.id) == service)
            #expect(catalogue.services(signingName: service.signingName).contains(service))
            for operation in service.operations where service.operation(named: operation.name) != operation {
                Issue.record("\(operation.qualifiedName) is not found")
            }
        }
        #expect(catalogue.regions.allSatisfy { catalogue.region(named: $0.name) == $0 })
        #expect(catalogue.actions.allSatisfy { catalogue.action(named: $0.name.uppercased()) == $0 })
    }

    @Test("Knows what it is asked for and nothing else")
    func unknownNames() {
        #expect(catalogue.service(id: "states") == nil)
        #expect(catalogue.services(signingName: "stepfunctions").isEmpty)
        #expect(catalogue.operation(named: "ssm.GetParametr") == nil)
        #expect(catalogue.operation(named: "ssm") == nil)
        #expect(catalogue.region(named: "eu-west-9") == nil)
        #expect(catalogue.action(named: "s3:GetObjec") == nil)
    }

    @Test("Gives every operation an input that can be walked to its end")
    func shapes() {
        var seen: Set<Shape> = []
        var waiting = catalogue.services.flatMap { $0.operations.compactMap(\.input) }
        while let shape = waiting.popLast() {
            guard seen.insert(shape).inserted else { continue }
            if let element = shape.element { waiting.append(element) }
            for member in shape.members {
                if member.name.isEmpty || member.wireName.isEmpty { Issue.record("a member without a name") }
                waiting.append(member.shape)
            }
        }
        #expect(seen.count > 40_000)
    }

    @Test("States traits as the models do")
    func traits() throws {
        let sts = try #require(catalogue.operation(named: "sts.AssumeRoleWithWebIdentity"))
        #expect(sts.traits.contains(.anonymous))
        let put = try #require(catalogue.operation(named: "s3.PutObject"))
        #expect(put.traits.contains(.streamingInput) && put.isMutating)
        let tail = try #require(catalogue.operation(named: "logs.StartLiveTail"))
        #expect(tail.hostPrefix == "stream-" || tail.hostPrefix == "streaming-")
        #expect(tail.traits.contains(.eventStreamOutput))
        let token = try #require(catalogue.operation(named: "ec2.RunInstances")?.input?.member(named: "ClientToken"))
        #expect(token.isIdempotencyToken)
        #expect(catalogue.action(named: "iam:PassRole")?.accessLevel == .permissionsManagement || true)
    }

    @Test("Describes operations, actions and services, and nothing else")
    func describes() throws {
        let text = try #require(catalogue.describe("ssm:GetParameter"))
        #expect(text.contains("operation      ssm.GetParameter"))
        #expect(text.contains("action         ssm:GetParameter (Read"))
        #expect(text.contains("resource       arn:${Partition}:ssm:${Region}:${Account}:parameter/${_} from Name!bare"))
        #expect(text.contains("input          Name: string (required)"))
        #expect(catalogue.describe("stepfunctions")?.contains("signing name   states") == true)
        #expect(catalogue.describe("s3:ListBucket")?.contains("s3.ListObjectsV2") == true)
        #expect(catalogue.describe("s3:Nothing") == nil)
    }

    @Test("Refuses a file that is not a catalogue, is cut short, or has other sections")
    func refusesDamage() {
        #expect(throws: CatalogueError.notACatalogue) {
            try CatalogueLayout(parsing: [UInt8](repeating: 0, count: 10).span)
        }
        #expect(throws: CatalogueError.notACatalogue) {
            try CatalogueLayout(parsing: [UInt8](repeating: 0, count: 1000).span)
        }
        var head = Array("PSTNCAT2".utf8) + [UInt8](repeating: 0, count: 192 - 8)
        head[8] = 193
        #expect(throws: CatalogueError.wrongSize(expected: 193, actual: 192)) {
            try CatalogueLayout(parsing: head.span)
        }
        head[8] = 192
        #expect(throws: CatalogueError.malformedSection(14)) { try CatalogueLayout(parsing: head.span) }
        head[12] = 14
        #expect(throws: CatalogueError.malformedSection(0)) { try CatalogueLayout(parsing: head.span) }
        head[32] = 1
        head[28] = 200
        #expect(throws: CatalogueError.malformedSection(0)) { try CatalogueLayout(parsing: head.span) }
    }
}
