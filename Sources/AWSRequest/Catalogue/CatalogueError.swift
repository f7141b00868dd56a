/// Why the embedded catalogue cannot be used: the build is damaged.
public enum CatalogueError: Error, Equatable, Sendable {
    /// The bytes do not begin with the catalogue's mark, so they are another file or another format version.
    case notACatalogue
    /// The file is shorter or longer than its header says.
    case wrongSize(expected: Int, actual: Int)
    /// A section lies outside the file, has another record width than this program expects, or is missing.
    case malformedSection(Int)
}
