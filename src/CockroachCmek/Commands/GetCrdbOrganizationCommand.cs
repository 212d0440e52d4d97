using System.Management.Automation;

namespace CockroachCmek.Commands;

/// <summary>Gets the CockroachDB Cloud organization that the API key belongs to.</summary>
/// <remarks>
/// <para>AWS. Id is the external id that the trust policy of a cross-account role requires. New-CrdbCmekRole sets it
/// for you.</para>
/// </remarks>
/// <example>
/// <para>Shows the external id for a trust policy.</para>
/// <code>(Get-CrdbOrganization).Id</code>
/// </example>
/// <seealso href="https://cockroachlabs.cloud/settings">Organization settings</seealso>
[Cmdlet(VerbsCommon.Get, "CrdbOrganization", HelpUri = "https://cockroachlabs.cloud/settings")]
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
