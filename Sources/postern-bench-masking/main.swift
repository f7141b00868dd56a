import Glibc
import Masking

// Measures the masking engine: `speed` times it on made-up answers; `corpus` masks the bodies of
// scripts/measure-masking, one a line: operation, content type, "1" for an object, body in hexadecimal, by tabs; `fuzz`
// masks changed copies of such bodies, which must not end the process.

let arguments = CommandLine.arguments
let engine = try MaskingEngine(profile: MaskingProfile())
switch arguments.dropFirst().first {
case "speed": try measureSpeed(engine)
case "corpus": try maskCorpus(engine)
case "fuzz": try fuzz(engine)
default:
    print("usage: postern-bench-masking speed | corpus < bodies > masked | fuzz < bodies")
    exit(2)
}
