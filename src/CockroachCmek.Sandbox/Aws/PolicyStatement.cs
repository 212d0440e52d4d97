using System.Text.Json;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>What a policy is attached to. The rules of its text differ.</summary>
internal enum PolicyKind
{
    /// <summary>A user, a role, or as permissions boundary.</summary>
    Identity,

    /// <summary>A role: who may assume it.</summary>
    Trust,

    /// <summary>A key.</summary>
    Key,

    /// <summary>An organization: a service control policy or a resource control policy.</summary>
    Control,
}

/// <summary>A statement of a policy.</summary>
internal sealed record PolicyStatement(
    string? Sid,
    bool IsAllow,
    IReadOnlyList<string>? Principals,
    bool IsNotPrincipal,
    IReadOnlyList<string> Actions,
    bool IsNotAction,
    IReadOnlyList<string> Resources,
    bool IsNotResource,
    JsonElement? Condition
);
