import Masking
import Testing

@Suite("Masking XML")
struct XMLMaskingTests {
    static func mask(_ text: String, _ operation: String, step: Int = .max) throws -> String {
        try masked(text, operation, contentType: "text/xml", step: step)
    }

    static let assumed = """
        <AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
          <AssumeRoleResult><Credentials>
            <AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId>
            <SecretAccessKey>wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY</SecretAccessKey>
            <SessionToken>AQ&amp;oDYXdz<![CDATA[EPT//]]>rest</SessionToken>
          </Credentials></AssumeRoleResult>
        </AssumeRoleResponse>
        """

    @Test("Replaces members that the model knows, through references and CDATA")
    func byModel() throws {
        #expect(
            try withoutFingerprints(Self.mask(Self.assumed, "sts.AssumeRole")) == """
                <AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
                  <AssumeRoleResult><Credentials>
                    <AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId>
                    <SecretAccessKey>[masked:secret:#]</SecretAccessKey>
                    <SessionToken>[masked:secret:#]<![CDATA[]]></SessionToken>
                  </Credentials></AssumeRoleResult>
                </AssumeRoleResponse>
                """
        )
    }

    @Test("Opens user data and masks inside")
    func userData() throws {
        // "#!/bin/bash\nexport DB_PASSWORD=Tr0ub4dor99\necho ok\n"
        let body =
            "<DescribeInstanceAttributeResponse><userData><value>"
            + "IyEvYmluL2Jhc2gKZXhwb3J0IERCX1BBU1NXT1JEPVRyMHViNGRvcjk5CmVjaG8gb2sK"
            + "</value></userData></DescribeInstanceAttributeResponse>"
        let output = try Self.mask(body, "ec2.DescribeInstanceAttribute")
        #expect(output != body)
        #expect(output.contains("<value>IyEvYmluL2Jhc2gKZXhwb3J0IERCX1BBU1NXT1JEP"))
    }

    @Test("Gives the same output for every split")
    func splits() throws {
        let whole = try Self.mask(Self.assumed, "sts.AssumeRole")
        for step in 1...Self.assumed.utf8.count {
            #expect(try Self.mask(Self.assumed, "sts.AssumeRole", step: step) == whole)
        }
    }

    @Test("Judges stack parameters and outputs by their names")
    func parameters() throws {
        let body =
            "<DescribeStacksResponse><DescribeStacksResult><Stacks><member><Parameters>"
            + "<member><ParameterKey>DbPassword</ParameterKey><ParameterValue>hunter22</ParameterValue></member>"
            + "<member><ParameterKey>InstanceType</ParameterKey><ParameterValue>t3.micro</ParameterValue></member>"
            + "</Parameters></member></Stacks></DescribeStacksResult></DescribeStacksResponse>"
        let output = try Self.mask(body, "cloudformation.DescribeStacks")
        #expect(!output.contains("hunter22"))
        #expect(output.contains("t3.micro"))
    }

    @Test("Removes comments")
    func comments() throws {
        #expect(try Self.mask("<a><!-- password=hunter22 --><b>x</b></a>", "x.Y") == "<a><b>x</b></a>")
    }

    @Test("Refuses what is no XML", arguments: ["<a>", "<a></b>", "<!DOCTYPE a><a/>", "x", "<a/><b/>"])
    func malformed(_ body: String) {
        let error = #expect(throws: MaskingError.self) { try Self.mask(body, "x.Y") }
        guard case .malformed("xml", _)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
