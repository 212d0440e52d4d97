using System.Management.Automation;

namespace CockroachCmek.Commands;

/// <summary>Gets the CockroachDB Cloud organization that the API key belongs to.</summary>
/// <remarks>
/// <para>The organization's Id is what AWS calls the external id: the trust policy of a cross-account role asks for it. New-CrdbCmekRole fills it in by itself.</para>
/// </remarks>
/// <example>
/// <para>Shows the id that a trust policy needs.</para>
/// <code>(Get-CrdbOrganization).Id</code>
/// </example>
/// <seealso href="https://cockroachlabs.cloud/settings">Organization settings</seealso>
[Cmdlet(VerbsCommon.Get, "CrdbOrganization")]
[OutputType(typeof(CrdbOrganization))]
public sealed class GetCrdbOrganizationCommand : CrdbSessionCmdlet
{
    /// <summary>Reads the organization.</summary>
    protected override void ProcessRecord()
    {
        var session = Cloud();
        Submit(session, async operation =>
            operation.Output(await session.Client.GetOrganizationAsync(operation.Context(session.Time)))
        );
    }
}
