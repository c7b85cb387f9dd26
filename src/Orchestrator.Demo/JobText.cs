using Orchestrator.Attestation;

namespace Orchestrator.Demo;

/// <summary>The files that people write by hand: the launcher's job.yaml, the parties' release policies.</summary>
internal static class JobText
{
    public static string Job(IEnumerable<string> identities, FirmwareMeasurements firmware, string program, IEnumerable<(string Owner, string Role, string Sealed)> data) =>
        $$"""
        format: orchestrator/job/v1
        name: breast cancer diagnosis, two clinics
        launcher: lab
        parties:
        {{Lines(identities.Select(identity => $"  - {identity}"))}}
        program:
          owner: lab
          sealed: {{program}}
        data:
        {{Lines(data.Select(Stream))}}
        plan:
          loss: cross_entropy
          optimizer: { adam: { learning_rate: 0.003, weight_decay: 0.0001 } }
          schedule: { cosine: { minimum: 0.05 } }
          batch_size: 32
          epochs: 30
          seed: 7
          threads: 1
          standardize: true
          interleaving: { shuffle: { window: 256 } }
        outputs:
          - { name: metrics, kind: metrics, receivers: [lab, clinic-a, clinic-b] }
          - { name: model, kind: model, receivers: [lab] }
        metrics: { names: [accuracy, evaluation_loss, train_loss], every_epochs: 1, digits: 4 }
        device:
          minimum_security_version: 1
          firmware:
            - ccu: {{firmware.Ccu}}
              icu: {{firmware.Icu}}
              tiles: {{firmware.Tiles}}

        """;

    /// <summary>A policy that trusts one simulated vendor, by name.</summary>
    public static string Policy(string root, string collateral) =>
        $"""
        format: orchestrator/release-policy/v1
        roots: [{root}]
        collateral: {collateral}
        allow: [simulated_devices]
        minimum_security_version: 1

        """;

    /// <summary>The section of a policy about container groups: one simulated processor's root, and which groups under it are accepted.</summary>
    public static string Groups(string root, string revocations, string accepted) =>
        $"""
        snp:
          roots: [{root}]
          crl: {revocations}
        {accepted}

        """;

    /// <summary>Sandboxes, allowed by name, of one measurement.</summary>
    public static string AcceptedSandbox(string measurement) => $"  measurements: [{measurement}]\n  allow: [simulated, sandbox]";

    /// <summary>Virtual machines of whatever image a publisher endorses.</summary>
    public static string AcceptedMachine(string publisher) => $"  endorsers: [{{ issuer: \"{publisher}\", feed: orchestrator-uvm, minimum_svn: 1 }}]\n  allow: [simulated]";

    /// <summary>The section of a job about its prepare stage.</summary>
    public static string Prepare(string name, string policy, string measurement, IEnumerable<(string Name, string Owner, string Sealed)> inputs, string schema, string deviceRoot) =>
        $$"""
        prepare:
          - name: {{name}}
            policy: {{policy}}
            measurements: [{{measurement}}]
            inputs:
        {{Lines(inputs.Select(input => $"      - {{ name: {input.Name}, owner: {input.Owner}, sealed: {input.Sealed} }}"))}}
            outputs:
              - { name: joined.csv, role: train, schema: {{schema}}, most_records: 1000, frame_size: 8192 }
            devices: { roots: [{{deviceRoot}}], allow: [simulated_devices, unknown_revocation] }

        """;

    private static string Stream((string Owner, string Role, string Sealed) stream) =>
        $"  - {{ owner: {stream.Owner}, role: {stream.Role}, sealed: {stream.Sealed} }}";

    private static string Lines(IEnumerable<string> lines) => string.Join('\n', lines);
}
