{{- define "fusebox.name" -}}fusebox-operator{{- end }}

{{- define "fusebox.selector" -}}
app.kubernetes.io/name: fusebox
app.kubernetes.io/component: operator
{{- end }}

{{- define "fusebox.labels" -}}
app.kubernetes.io/name: fusebox
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: fusebox
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* The Secret with certificates that somebody else makes; empty: there is none. */}}
{{- define "fusebox.tls-secret" -}}
{{- if .Values.certificates.secret }}{{ .Values.certificates.secret }}{{ else if .Values.certManager.enabled }}fusebox-operator-tls{{ end }}
{{- end }}

{{/* An image: repository, and the version of this chart unless a tag is given. */}}
{{- define "fusebox.image" -}}
{{- printf "%s:%s" .image.repository (.image.tag | default .root.Chart.AppVersion) }}
{{- end }}
