internal import CCatalogue

/// Where the sections of the catalogue lie; every read is checked against the file's end.
///
/// Format: docs/catalogue.md. Words are 32-bit little-endian; a read outside the file yields 0, which is the empty
/// string or an empty list, so that a damaged file can never trap.
struct CatalogueLayout: Sendable, Equatable {
    /// The file's sections, in file order.
    enum Section: Int, CaseIterable {
        case stringOffsets, stringBytes, words, services, operations, shapes, members, actions, resources, partitions
        case regions, endpoints, signingNames, targetPrefixes

        /// The width of a record in words; 0 for bytes.
        var width: Int {
            switch self {
            case .stringOffsets, .words: 1
            case .stringBytes: 0
            case .services: 16
            case .operations: 22
            case .shapes, .members: 4
            case .actions, .regions: 2
            case .resources: 6
            case .partitions: 5
            case .endpoints: 7
            case .signingNames, .targetPrefixes: 3
            }
        }
    }

    /// One section: byte offset of its first record, and how many records (or bytes) it has.
    struct Extent: Sendable, Equatable {
        var start = 0
        var count = 0
    }

    private(set) var modelVersion = 0
    private(set) var policyDataVersion = 0
    private(set) var strings = Extent()
    private(set) var text = Extent()
    private(set) var words = Extent()
    private(set) var services = Extent()
    private(set) var operations = Extent()
    private(set) var shapes = Extent()
    private(set) var members = Extent()
    private(set) var actions = Extent()
    private(set) var resources = Extent()
    private(set) var partitions = Extent()
    private(set) var regions = Extent()
    private(set) var endpoints = Extent()
    private(set) var signingNames = Extent()
    private(set) var targetPrefixes = Extent()

    /// A layout without records.
    private init() {}

    /// Reads and checks the header of a catalogue file.
    init(parsing file: Span<UInt8>) throws(CatalogueError) {
        let mark: StaticString = "PSTNCAT2"
        guard file.count >= Self.headerSize else { throw .notACatalogue }
        for index in 0..<8 where unsafe file[index] != mark.utf8Start[index] { throw .notACatalogue }
        let size = Self.word(file, 8)
        guard size == file.count else { throw .wrongSize(expected: size, actual: file.count) }
        guard Self.word(file, 12) == Section.allCases.count else { throw .malformedSection(Section.allCases.count) }
        modelVersion = Self.word(file, 16)
        policyDataVersion = Self.word(file, 20)
        for section in Section.allCases {
            let entry = 24 + section.rawValue * 12
            let (start, length) = (Self.word(file, entry), Self.word(file, entry + 4))
            let recordSize = max(1, section.width * 4)
            guard Self.word(file, entry + 8) == section.width, start % 4 == 0, start <= size, length <= size - start,
                length % recordSize == 0
            else { throw .malformedSection(section.rawValue) }
            self[section] = Extent(start: start, count: length / recordSize)
        }
    }

    /// The layout of the catalogue inside this executable, or why it cannot be used.
    static let embedded: Result<CatalogueLayout, CatalogueError> = Result { () throws(CatalogueError) in
        let bytes = unsafe UnsafeBufferPointer(start: postern_catalogue_bytes(), count: postern_catalogue_size)
        return try CatalogueLayout(parsing: unsafe bytes.span)
    }

    /// The layout that all handles read through; empty when `Catalogue.embedded()` throws.
    static let current: CatalogueLayout = (try? embedded.get()) ?? CatalogueLayout()

    private static let headerSize = 24 + Section.allCases.count * 12

    private static func word(_ file: Span<UInt8>, _ offset: Int) -> Int {
        (0..<4).reduce(0) { $0 | Int(file[offset + $1]) << (8 * $1) }
    }

    private subscript(section: Section) -> Extent {
        get { self[keyPath: Self.path(section)] }
        set { self[keyPath: Self.path(section)] = newValue }
    }

    private static func path(_ section: Section) -> WritableKeyPath<Self, Extent> {
        switch section {
        case .stringOffsets: \.strings
        case .stringBytes: \.text
        case .words: \.words
        case .services: \.services
        case .operations: \.operations
        case .shapes: \.shapes
        case .members: \.members
        case .actions: \.actions
        case .resources: \.resources
        case .partitions: \.partitions
        case .regions: \.regions
        case .endpoints: \.endpoints
        case .signingNames: \.signingNames
        case .targetPrefixes: \.targetPrefixes
        }
    }
}

extension CatalogueLayout {
    /// The word at a byte offset of the embedded file, 0 outside of it.
    @inline(__always)
    static func word(at offset: Int) -> Int {
        guard offset >= 0, offset <= postern_catalogue_size &- 4 else { return 0 }
        let raw = unsafe UnsafeRawPointer(postern_catalogue_bytes())
        return Int(UInt32(littleEndian: unsafe raw.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
    }

    /// The word number `field` of record `index`, 0 where there is no such record.
    @inline(__always)
    func field(_ field: Int, of index: Int, in extent: Extent, width: Int) -> Int {
        guard index >= 0, index < extent.count else { return 0 }
        return Self.word(at: extent.start &+ (index &* width &+ field) &* 4)
    }

    /// Text number `index` of the string table.
    @inline(__always)
    func text(_ index: Int) -> CatalogueText {
        guard index > 0, index < strings.count &- 1 else { return CatalogueText(start: 0, count: 0) }
        let start = Self.word(at: strings.start &+ index &* 4)
        let end = Self.word(at: strings.start &+ index &* 4 &+ 4)
        guard start <= end, end <= text.count else { return CatalogueText(start: 0, count: 0) }
        return CatalogueText(start: text.start &+ start, count: end &- start)
    }

    /// Entry `index` of a list that begins at `start` in the pool of words.
    @inline(__always)
    func pooled(_ start: Int, _ index: Int) -> Int {
        let position = start &+ index
        guard position >= 0, position < words.count else { return 0 }
        return Self.word(at: words.start &+ position &* 4)
    }
}

/// A list of string numbers or record numbers in the pool of words.
struct PooledList: RandomAccessCollection, Sendable {
    let start: Int
    let endIndex: Int
    var startIndex: Int { 0 }

    subscript(position: Int) -> Int { CatalogueLayout.current.pooled(start, position) }

    /// The texts that the entries name.
    var texts: LazyMapSequence<Self, CatalogueText> { lazy.map { CatalogueLayout.current.text($0) } }
}
