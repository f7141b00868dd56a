import Glibc
import Masking

/// Prints how fast the engine is on one core, by CPU time, best of several runs.
func measureSpeed(_ engine: MaskingEngine) throws {
    let small = Array(
        #"{"Table":{"TableName":"orders","TableStatus":"ACTIVE","CreationDateTime":1.4E9,"ItemCount":42,"TableArn":"arn:aws:dynamodb:us-east-1:111122223333:table/orders","TableId":"12345678-0123-4567-8901-123456789012","ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":5},"KeySchema":[{"AttributeName":"id"}]}}"#
            .utf8
    )
    let json = repeated(jsonItem, toAbout: 1 << 20, prefix: "{\"items\":[", suffix: "{}]}")
    let log = repeated(logLine, toAbout: 1 << 20, prefix: "", suffix: "")
    let xml = repeated(xmlItem, toAbout: 1 << 20, prefix: "<R><items>", suffix: "</items></R>")
    try report(
        "JSON answer, \(small.count) bytes",
        small,
        "dynamodb.DescribeTable",
        "application/x-amz-json-1.0",
        engine
    )
    try report("JSON, 1 MiB", json, "ecs.DescribeTasks", "application/x-amz-json-1.1", engine)
    try report("XML, 1 MiB", xml, "ec2.DescribeInstances", "text/xml", engine)
    try report("opaque text, 1 MiB", log, "s3.GetObject", "text/plain", engine)
    var profile = MaskingProfile()
    profile.personalData = []
    let credentials = try MaskingEngine(profile: profile)
    try report("opaque text, credentials only", log, "s3.GetObject", "text/plain", credentials)
    try reportHeaders(engine)
    try report("JSON, credentials only", json, "ecs.DescribeTasks", "application/x-amz-json-1.1", credentials)
}

private func report(
    _ name: String,
    _ body: [UInt8],
    _ operation: String,
    _ contentType: String,
    _ engine: MaskingEngine
) throws {
    let context = MaskingContext(
        operation: operation,
        contentType: contentType,
        fingerprintKey: [1],
        isOpaqueObject: contentType == "text/plain"
    )
    let rounds = max(3, (4 << 20) / body.count)
    var best = Double.infinity
    var output: [UInt8] = []
    var findings = 0
    for _ in 0..<5 {
        let start = processorSeconds()
        for _ in 0..<rounds {
            output.removeAll(keepingCapacity: true)
            let masker = try engine.responseMasker(context)
            var position = 0
            while position < body.count {
                let end = min(body.count, position + 32_768)
                try masker.write(body.span.extracting(position..<end), to: &output)
                position = end
            }
            try masker.finish(to: &output)
            findings = masker.findings.values.reduce(0, +)
        }
        best = min(best, (processorSeconds() - start) / Double(rounds))
    }
    let rate = Double(body.count) / best / 1e6
    print("\(name): \(Int(rate)) MB/s, \((best * 1e7).rounded() / 10) us a body, \(findings) findings")
}

/// The fields of a usual answer.
private func reportHeaders(_ engine: MaskingEngine) throws {
    let fields = [
        ("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-RequestId", "7f3c9a52-1234-4cde-9f00-0123456789ab"),
        ("Date", "Tue, 24 Nov 2026 14:00:00 GMT"), ("x-amz-meta-owner", "payments-team"), ("cache-control", "no-cache"),
    ]
    let start = processorSeconds()
    for _ in 0..<10_000 {
        for (name, value) in fields { _ = try engine.maskHeader(name: name, value: value, fingerprintKey: [1]) }
    }
    print("five header fields: \(((processorSeconds() - start) / 1e4 * 1e7).rounded() / 10) us")
}

private func processorSeconds() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

private func repeated(_ item: (Int) -> String, toAbout size: Int, prefix: String, suffix: String) -> [UInt8] {
    var text = Array(prefix.utf8)
    var index = 0
    while text.count < size {
        text += item(index).utf8
        index += 1
    }
    return text + suffix.utf8
}

private func jsonItem(_ index: Int) -> String {
    #"{"taskArn":"arn:aws:ecs:us-east-1:111122223333:task/main/\#(String(index, radix: 16))d41d8cd98f00b204e98009","lastStatus":"RUNNING","cpu":"256","memory":"512","createdAt":1714550400.\#(index),"group":"service:web","launchType":"FARGATE","platformVersion":"1.4.0","attachments":[{"id":"12345678-0123-4567-8901-1234567890\#(10 + index % 90)","type":"eni","status":"ATTACHED","details":[{"name":"subnetId","value":"subnet-0123456789abcdef0"},{"name":"privateIPv4Address","value":"10.0.1.\#(index % 250)"}]}],"tags":[{"key":"team","value":"payments"}],"version":4},"#
        + "\n"
}

private func logLine(_ index: Int) -> String {
    "2024-05-01T10:00:\(10 + index % 50).123Z INFO [http-nio-8080-exec-\(index % 20)] c.e.orders.Api - GET /orders/\(index) 200 "
        + "took=12ms request=7f3c9a52-1234-4cde-9f00-0123456789ab client=10.1.2.\(index % 250)\n"
}

private func xmlItem(_ index: Int) -> String {
    "<item><instanceId>i-0123456789abcdef0</instanceId><imageId>ami-0abcdef1234567890</imageId><privateDnsName>"
        + "ip-10-0-1-\(index % 250).ec2.internal</privateDnsName><launchTime>2024-05-01T10:00:00.000Z</launchTime>"
        + "<placement><availabilityZone>us-east-1a</availabilityZone></placement><tagSet><item><key>Name</key>"
        + "<value>web-\(index)</value></item></tagSet></item>\n"
}
