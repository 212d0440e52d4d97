namespace CockroachCmek.Core.Manifest;

/// <summary>A document of either format: maps, lists and scalars, each with its position.</summary>
internal abstract record Node(Mark Mark);

internal sealed record MapNode(Mark Mark, IReadOnlyList<(string Name, Mark NameMark, Node Value)> Fields) : Node(Mark);

internal sealed record ListNode(Mark Mark, IReadOnlyList<Node> Items) : Node(Mark);

/// <summary>A scalar. IsText is false for a number, a boolean or null.</summary>
internal sealed record ScalarNode(Mark Mark, string Text, bool IsText) : Node(Mark);
