namespace CockroachCmek.Sandbox.Azure;

/// <summary>
/// A principal of the sandbox's tenant. Its secret is generated at start and valid only here. The secret of a managed
/// identity is the value of IDENTITY_HEADER.
/// </summary>
public sealed record AzurePrincipal(string ClientId, string Secret, string ObjectId)
{
    /// <summary>Describes the principal without its secret.</summary>
    public override string ToString() => $"application {ClientId}, object {ObjectId}";
}
