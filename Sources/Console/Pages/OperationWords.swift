/// An operation in words: `ssm.PutParameter` on `.../name` becomes `Put parameter name`.
enum OperationWords {
    /// The words; a resource's name is added where there is one resource that has a name.
    static func text(_ operation: String, _ resources: [String]) -> String {
        let name = operation.split(separator: ".").last.map(String.init) ?? operation
        let words = sentence(name)
        guard resources.count == 1, let resource = resources.first, resource != "*" else { return words }
        let tail = resource.split(separator: ":", maxSplits: 5).last.map(String.init) ?? resource
        return tail.isEmpty || tail == "*" ? words : "\(words): \(tail)"
    }

    /// `PutDBParameters` becomes `Put DB parameters`.
    private static func sentence(_ name: String) -> String {
        var words: [String] = []
        let characters = Array(name)
        var current = ""
        for (index, character) in characters.enumerated() {
            let isUpper = character.isUppercase
            let followsLower = index > 0 && !characters[index - 1].isUppercase
            let leadsLower = index + 1 < characters.count && characters[index + 1].isLowercase
            if isUpper, !current.isEmpty, followsLower || leadsLower {
                words.append(current)
                current = ""
            }
            current.append(character)
        }
        words.append(current)
        return words.enumerated().map { index, word in
            index > 0 && word.dropFirst().contains(where: \.isLowercase) ? word.lowercased() : word
        }.joined(separator: " ")
    }
}
