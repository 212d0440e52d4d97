using Azure.Core;
using Azure.Core.Pipeline;
using CockroachCmek.Core.Keys.Azure;

namespace CockroachCmek.Core.Tests.Azure;

/// <summary>Azure Resource Manager in front of a handler, without credentials.</summary>
internal static class ScriptedAzure
{
    public static AzureArm Arm(HttpMessageHandler handler)
    {
        var connection = new AzureConnection { Handler = handler, TenantId = "t" };
        var options = AzureTransport.Configure(new Plain(), AzureTransport.Create(connection));
        var rest = new AzureRest(AzureService.ResourceManager, HttpPipelineBuilder.Build(options));
        return new AzureArm(new Uri("https://management.azure.com/"), rest);
    }

    private sealed class Plain : ClientOptions;
}
