using System.Text;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using CockroachCmek.Sandbox.Http;

namespace CockroachCmek.Sandbox.Aws;

/// <summary>Responses and errors in the two protocols: JSON 1.1 for KMS, Query with XML for IAM and STS.</summary>
internal static class AwsResponse
{
    public static SandboxResponse Json(JsonNode body, string requestId) => Json(200, body, requestId);

    public static SandboxResponse JsonError(AwsException error, string requestId) =>
        Json(
            error.Status == 403 ? 400 : error.Status,
            new JsonObject { ["__type"] = KmsCode(error.Code), ["message"] = error.Message },
            requestId
        );

    /// <param name="xmlNamespace">The namespace of the service.</param>
    public static SandboxResponse Xml(string action, string xmlNamespace, XElement? result, string requestId)
    {
        var root = new XElement(
            action + "Response",
            result,
            new XElement("ResponseMetadata", new XElement("RequestId", requestId))
        );
        XNamespace name = xmlNamespace;
        foreach (var element in root.DescendantsAndSelf())
            element.Name = name + element.Name.LocalName;
        return Write(200, root.ToString(SaveOptions.DisableFormatting), "text/xml", requestId);
    }

    public static SandboxResponse XmlError(AwsException error, string requestId) =>
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
                new XElement("RequestId", requestId)
            ).ToString(),
            "text/xml",
            requestId
        );

    private static SandboxResponse Json(int status, JsonNode body, string requestId) =>
        Write(status, body.ToJsonString(), "application/x-amz-json-1.1", requestId);

    private static SandboxResponse Write(int status, string body, string contentType, string requestId) =>
        new(status, Encoding.UTF8.GetBytes(body), contentType) { Headers = [new("x-amzn-RequestId", requestId)] };

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
