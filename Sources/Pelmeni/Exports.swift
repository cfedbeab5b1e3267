// One import for an embedder: what the core makes public is part of the face.
@_exported public import PelmeniCore
