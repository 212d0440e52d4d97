using System.Text.Json;
using System.Xml.Linq;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>
/// IAM's policy simulator. It knows the policies of the principal, its permissions boundary and the organization's
/// service control policies, and the condition keys that the request names. It knows no key policy, no resource control
/// policy and nothing else of the real request. Source: IAM user guide, "IAM policy testing with the policy simulator".
/// </summary>
internal sealed class IamSimulator(string accountId, AwsData data, IamPrincipals principals)
{
    /// <exception cref="AwsException">NoSuchEntity or InvalidInput.</exception>
    public XElement Simulate(IReadOnlyDictionary<string, string> form)
    {
        var caller = Find(AwsForm.Required(form, "PolicySourceArn"));
        var actions = AwsForm.List(form, "ActionNames").ToList();
        if (actions.Count == 0)
            throw Invalid("ActionNames must not be empty.");
        if (actions.FirstOrDefault(a => !a.Contains(':')) is { } wrong)
            throw Invalid($"{wrong} is not a valid action name.");
        if (form.ContainsKey("ResourcePolicy") && caller.PrincipalType != "user")
            throw Invalid("ResourcePolicy can be simulated for IAM users only.");
        var given = AwsForm.List(form, "PolicyInputList").Select((text, i) => Input($"PolicyInputList.{i + 1}", text));
        var simulated = caller with { Policies = [.. caller.Policies, .. given] };
        var resources = AwsForm.List(form, "ResourceArns").DefaultIfEmpty("*").ToList();
        var context = Context(form);
        return IamXml.Page(
            "SimulatePrincipalPolicyResult",
            "EvaluationResults",
            form,
            actions.SelectMany(a => resources.Select(r => Result(simulated, a, r, context)))
        );
    }

    private static SimulatedPolicy Input(string name, string text) =>
        new(name, "none", PolicyDocument.ParseIdentity(text));

    private Simulated Find(string arn)
    {
        if (!arn.StartsWith($"arn:aws:iam::{accountId}:", StringComparison.Ordinal))
            throw Invalid($"Invalid Entity Arn: {arn}");
        return principals.FindSimulated(arn)
            ?? throw new AwsException("NoSuchEntity", $"The entity {arn} cannot be found.", 404);
    }

    private XElement Result(Simulated source, string action, string resource, RequestContext context)
    {
        Verdict Of(PolicyDocument policy) => policy.Evaluate(source.Caller, action, resource, context, _ => null);
        var matched = source.Policies.Where(p => Of(p.Document) != Verdict.None).ToList();
        var verdicts = matched.Select(p => Of(p.Document)).ToList();
        var boundary = source.Boundary is null ? (Verdict?)null : Of(source.Boundary);
        var isCutByOrganization = data.ServiceControlPolicies.Any(p => Of(p.Document) == Verdict.Deny);
        var decision =
            verdicts.Contains(Verdict.Deny) || boundary == Verdict.Deny || isCutByOrganization ? "explicitDeny"
            : verdicts.Contains(Verdict.Allow) && (boundary ?? Verdict.Allow) == Verdict.Allow ? "allowed"
            : "implicitDeny";
        return new XElement(
            "member",
            new XElement("EvalActionName", action),
            new XElement("EvalResourceName", resource),
            new XElement("EvalDecision", decision),
            new XElement("MatchedStatements", matched.Select(Statement)),
            new XElement(
                "MissingContextValues",
                KeysOf(source.Policies.Select(p => p.Document))
                    .Where(k => context[k] is null)
                    .Select(k => new XElement("member", k))
            ),
            data.OrganizationId is null
                ? null
                : new XElement(
                    "OrganizationsDecisionDetail",
                    new XElement("AllowedByOrganizations", isCutByOrganization ? "false" : "true")
                ),
            boundary is null
                ? null
                : new XElement(
                    "PermissionsBoundaryDecisionDetail",
                    new XElement("AllowedByPermissionsBoundary", boundary == Verdict.Allow ? "true" : "false")
                )
        );
    }

    private static XElement Statement(SimulatedPolicy policy) =>
        new("member", new XElement("SourcePolicyId", policy.Id), new XElement("SourcePolicyType", policy.Type));

    private static IEnumerable<string> KeysOf(IEnumerable<PolicyDocument> policies) =>
        policies
            .SelectMany(p => p.Statements)
            .Select(s => s.Condition)
            .OfType<JsonElement>()
            .SelectMany(c => c.EnumerateObject())
            .SelectMany(test => test.Value.EnumerateObject())
            .Select(key => key.Name)
            .Distinct(StringComparer.OrdinalIgnoreCase);

    private static RequestContext Context(IReadOnlyDictionary<string, string> form)
    {
        var context = new RequestContext();
        for (var i = 1; form.TryGetValue($"ContextEntries.member.{i}.ContextKeyName", out var name); i++)
            context = context.With(name, [.. AwsForm.List(form, $"ContextEntries.member.{i}.ContextKeyValues")]);
        return context;
    }

    private static AwsException Invalid(string message) => new("InvalidInput", message);
}

/// <summary>Whom the simulator is asked about.</summary>
/// <param name="PrincipalType">user or role.</param>
internal sealed record Simulated(
    Caller Caller,
    string PrincipalType,
    IReadOnlyList<SimulatedPolicy> Policies,
    PolicyDocument? Boundary
);

/// <summary>A policy in a simulation.</summary>
/// <param name="Id">What the response names it.</param>
/// <param name="Type">The type of its source: user, role, aws-managed, user-managed or none.</param>
internal sealed record SimulatedPolicy(string Id, string Type, PolicyDocument Document);
