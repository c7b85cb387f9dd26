using Grpc.Tests.Harness;

namespace Grpc.Tests.Interoperability;

public sealed class DotnetToDotnet(Pair<Dotnet, Dotnet, Plain> pair) : InteroperabilityTests<Dotnet, Dotnet, Plain>(pair);

public sealed class DotnetToPython(Pair<Dotnet, Python, Plain> pair) : InteroperabilityTests<Dotnet, Python, Plain>(pair);

public sealed class DotnetToNode(Pair<Dotnet, Node, Plain> pair) : InteroperabilityTests<Dotnet, Node, Plain>(pair);

public sealed class PythonToDotnet(Pair<Python, Dotnet, Plain> pair) : InteroperabilityTests<Python, Dotnet, Plain>(pair);

public sealed class NodeToDotnet(Pair<Node, Dotnet, Plain> pair) : InteroperabilityTests<Node, Dotnet, Plain>(pair);

public sealed class DotnetToDotnetOverTls(Pair<Dotnet, Dotnet, Tls> pair) : InteroperabilityOverTlsTests<Dotnet, Dotnet>(pair);

public sealed class DotnetToPythonOverTls(Pair<Dotnet, Python, Tls> pair) : InteroperabilityOverTlsTests<Dotnet, Python>(pair);

public sealed class DotnetToNodeOverTls(Pair<Dotnet, Node, Tls> pair) : InteroperabilityOverTlsTests<Dotnet, Node>(pair);

public sealed class PythonToDotnetOverTls(Pair<Python, Dotnet, Tls> pair) : InteroperabilityOverTlsTests<Python, Dotnet>(pair);

public sealed class NodeToDotnetOverTls(Pair<Node, Dotnet, Tls> pair) : InteroperabilityOverTlsTests<Node, Dotnet>(pair);
