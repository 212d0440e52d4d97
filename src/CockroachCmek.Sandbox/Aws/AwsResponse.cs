using System.Text;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>Responses and errors in the two protocols: JSON 1.1 for KMS, Query with XML for IAM and STS.</summary>
internal static class AwsResponse
{
    public static SandboxResponse Json(JsonNode body) => Json(200, body);

    public static SandboxResponse JsonError(AwsException error) =>
        Json(
            error.Status == 403 ? 400 : error.Status,
            new JsonObject { ["__type"] = KmsCode(error.Code), ["message"] = error.Message }
        );

    /// <param name="xmlNamespace">The namespace of the service.</param>
    public static SandboxResponse Xml(string action, string xmlNamespace, XElement? result)
    {
        var root = new XElement(
            action + "Response",
            result,
            new XElement("ResponseMetadata", new XElement("RequestId", Guid.NewGuid().ToString("D")))
        );
        XNamespace name = xmlNamespace;
        foreach (var element in root.DescendantsAndSelf())
            element.Name = name + element.Name.LocalName;
        return Write(200, root.ToString(SaveOptions.DisableFormatting), "text/xml");
    }

    public static SandboxResponse XmlError(AwsException error) =>
        Write(
            error.Status,
            new XElement(
                "ErrorResponse",
                new XElement(
                    "Error",
                    new XElement("Type", "Sender"),
                    new XElement("Code", error.Code),
                    new XElement("Message", error.Message)
                ),
                new XElement("RequestId", Guid.NewGuid().ToString("D"))
            ).ToString(),
            "text/xml"
        );

    private static SandboxResponse Json(int status, JsonNode body) =>
        Write(status, body.ToJsonString(), "application/x-amz-json-1.1");

    private static SandboxResponse Write(int status, string body, string contentType) =>
        new(status, Encoding.UTF8.GetBytes(body), contentType)
        {
            Headers = [new("x-amzn-RequestId", Guid.NewGuid().ToString("D"))],
        };

    /// <summary>KMS has its own names for the errors of authentication.</summary>
    private static string KmsCode(string code) =>
        code switch
        {
            "InvalidClientTokenId" => "UnrecognizedClientException",
            "SignatureDoesNotMatch" => "InvalidSignatureException",
            "AccessDenied" => "AccessDeniedException",
            _ => code,
        };
}
