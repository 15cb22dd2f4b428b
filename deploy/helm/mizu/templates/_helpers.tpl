{{- define "mizu.namespace" -}}
{{- .Values.namespace | default .Release.Namespace -}}
{{- end -}}

{{- /* Cluster roles are shared by all namespaces: a second Mizu elsewhere needs names of its own. */ -}}
{{- define "mizu.clusterPrefix" -}}
{{- $namespace := include "mizu.namespace" . -}}
{{- if eq $namespace .Values.namePrefix -}}
{{- $namespace -}}
{{- else -}}
{{- printf "%s-%s" .Values.namePrefix $namespace -}}
{{- end -}}
{{- end -}}

{{- define "mizu.apiServerAccount" -}}
{{- .Values.apiServerAccount.name | default (printf "%s-service-account" .Values.namePrefix) -}}
{{- end -}}

{{- define "mizu.tapperAccount" -}}
{{- .Values.tapperAccount.name | default (printf "%s-tapper-service-account" .Values.namePrefix) -}}
{{- end -}}

{{- define "mizu.labels" -}}
{{- $common := dict "app.kubernetes.io/name" "mizu" "app.kubernetes.io/instance" .Values.namePrefix "app.kubernetes.io/managed-by" "mizu" "app.kubernetes.io/created-by" "mizu-helm" -}}
{{- toYaml (merge (deepCopy .Values.labels) $common) -}}
{{- end -}}

{{- /* name, namespace, labels and annotations. Takes root, name; clusterWide, labels and annotations may be left out. */ -}}
{{- define "mizu.metadata" -}}
name: {{ .name }}
{{- if not .clusterWide }}
namespace: {{ include "mizu.namespace" .root }}
{{- end }}
labels:
  {{- toYaml (merge (deepCopy (.labels | default dict)) (include "mizu.labels" .root | fromYaml)) | nindent 2 }}
{{- with merge (deepCopy (.annotations | default dict)) .root.Values.annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- /* Metadata of a pod. Takes root, name, pod (values), checksum. */ -}}
{{- define "mizu.podMetadata" -}}
{{- $labels := merge (dict "app" .name) .pod.labels (include "mizu.labels" .root | fromYaml) -}}
{{- $annotations := merge (dict "mizu/checksum" .checksum) .pod.annotations .root.Values.annotations -}}
labels:
  {{- toYaml $labels | nindent 2 }}
annotations:
  {{- toYaml $annotations | nindent 2 }}
{{- end -}}

{{- /* image and imagePullPolicy. Takes root, pod. */ -}}
{{- define "mizu.image" -}}
{{- $image := .pod.image | default .root.Values.image -}}
{{- $repository := $image.repository -}}
{{- if $image.registry -}}
{{- $repository = printf "%s/%s" $image.registry $image.repository -}}
{{- end -}}
{{- if $image.digest -}}
image: {{ printf "%s@%s" $repository $image.digest | quote }}
{{- else -}}
image: {{ printf "%s:%s" $repository ($image.tag | default .root.Chart.AppVersion) | quote }}
{{- end }}
imagePullPolicy: {{ $image.pullPolicy }}
{{- end -}}

{{- /* env of a container. Takes root, pod, own. */ -}}
{{- define "mizu.env" -}}
{{- $values := dict "LOG_LEVEL" .root.Values.server.logLevel "NODE_COMPILE_CACHE" "/tmp/compiled" -}}
{{- $values = merge (deepCopy .pod.env) .own $values -}}
- { name: NODE_NAME, valueFrom: { fieldRef: { fieldPath: spec.nodeName } } }
- { name: POD_NAME, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
- { name: POD_NAMESPACE, valueFrom: { fieldRef: { fieldPath: metadata.namespace } } }
{{- range $name, $value := $values }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end -}}

{{- /* Fields of a pod's spec that both pods have. Takes root, pod. */ -}}
{{- define "mizu.placement" -}}
enableServiceLinks: false
{{- with .root.Values.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .pod.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .pod.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .pod.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- /* Merges field by field; null takes a field out. Takes base, changes. */ -}}
{{- define "mizu.context" -}}
{{- $merged := dict -}}
{{- range $field, $value := .base -}}
{{- if not (hasKey $.changes $field) -}}
{{- $_ := set $merged $field $value -}}
{{- end -}}
{{- end -}}
{{- range $field, $value := .changes -}}
{{- if not (kindIs "invalid" $value) -}}
{{- $_ := set $merged $field $value -}}
{{- end -}}
{{- end -}}
{{- toYaml $merged -}}
{{- end -}}

{{- /* The text of mizu-config.json: sorted keys, as the commands write it. */ -}}
{{- define "mizu.config" -}}
{{- $v := .Values -}}
{{- $consequences := dict "mode" "install" "namespace" (include "mizu.namespace" .) "ownsNamespace" $v.ownsNamespace "restricted" (not $v.clusterWide) "daemonSet" (printf "%s-tapper-daemon-set" $v.namePrefix) "service" (printf "%s-api-server" $v.namePrefix) "configMap" (printf "%s-config" $v.namePrefix) "clusterRole" "" "lease" nil "ports" (dict "http" (int $v.ports.http) "tapper" (int $v.ports.tapper)) -}}
{{- $_ := set $consequences "tapperAffinity" ($v.tapper.affinity | default nil) -}}
{{- toRawJson (merge $consequences $v.server) -}}
{{- end -}}

{{- /* Values of the Secret: given, kept from before, or made; once for all templates. */ -}}
{{- define "mizu.secrets" -}}
{{- if not (hasKey .Values "madeSecret") -}}
{{- $given := .Values.secret -}}
{{- $before := ((lookup "v1" "Secret" (include "mizu.namespace" .) (printf "%s-secret" .Values.namePrefix)) | default dict).data | default dict -}}
{{- $certificate := $given.certificate | default (index $before "tls.crt" | default "" | b64dec) -}}
{{- $certificateKey := $given.certificateKey | default (index $before "tls.key" | default "" | b64dec) -}}
{{- if not $certificate -}}
{{- $made := genSelfSignedCert "mizu" nil (list (printf "%s-api-server.%s.svc" .Values.namePrefix (include "mizu.namespace" .))) 3650 -}}
{{- $certificate = $made.Cert -}}
{{- $certificateKey = $made.Key -}}
{{- end -}}
{{- $token := $given.token | default (index $before "token" | default "" | b64dec) | default (randAlphaNum 43) -}}
{{- $key := $given.key | default (index $before "key" | default "" | b64dec) | default (randAlphaNum 43) -}}
{{- $_ := set .Values "madeSecret" (dict "token" $token "key" $key "certificate" $certificate "certificateKey" $certificateKey) -}}
{{- end -}}
{{- end -}}

{{- define "mizu.apiServerChecksum" -}}
{{- include "mizu.secrets" . -}}
{{- $s := .Values.madeSecret -}}
{{- list (include "mizu.config" .) $s.token $s.key $s.certificate $s.certificateKey | join "\n" | sha256sum -}}
{{- end -}}

{{- define "mizu.tapperChecksum" -}}
{{- include "mizu.secrets" . -}}
{{- list .Values.madeSecret.key .Values.madeSecret.certificate | join "\n" | sha256sum -}}
{{- end -}}

{{- define "mizu.healthProbe" -}}
httpGet:
  path: /api/v1/health
  port: {{ int .Values.ports.http }}
  scheme: HTTP
  httpHeaders:
    - { name: Host, value: localhost }
timeoutSeconds: 5
{{- end -}}
